"""The tables as queries see them. `migrations` makes them; a test holds both equal.

Friends have integer ids; `line_ids` is the only table that holds LINE's user ids, so that deleting its row forgets a
person. Tags are stored both ways round, because a segment asks for the friends of a tag and a friend for its tags.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from lineform.store.types import Millisecond, UtcTime

metadata = sa.MetaData()

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Seconds: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

schema_version = sa.Table(
    "lineform_schema",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("bot", sa.Text, nullable=False),
)

friends = sa.Table(
    "friends",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("followed_at", UtcTime),
    sa.Column("blocked", sa.Boolean, nullable=False),
    sa.Column("attributes", Json, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("first_followed_at", UtcTime),
    sa.Column("first_route", sa.Text, nullable=False),
    sa.Column("last_route", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text, nullable=False),
)

line_ids = sa.Table(
    "line_ids",
    metadata,
    sa.Column("friend_id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)

friend_tags = sa.Table(
    "friend_tags",
    metadata,
    sa.Column("tag_id", BigId, primary_key=True),
    sa.Column("friend_id", BigId, primary_key=True),
    sa.Column("tagged_at", Millisecond),
)

event_types = sa.Table(
    "event_types",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("type_id", BigId, nullable=False),
    sa.Column("friend_id", BigId, nullable=False),
    sa.Column("at", Millisecond, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("armed_at", UtcTime, nullable=False),
    sa.Column("disarmed_at", UtcTime),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("people", BigId),
)

sends = sa.Table(
    "sends",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("recipients", BigId, nullable=False),
    sa.Column("recipients_hash", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("frozen_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("capped", BigId, nullable=False),
    sa.Column("frame", sa.LargeBinary, nullable=False),
    sa.Column("intended", sa.Text, nullable=False, server_default=""),
    sa.Column("intended_reason", sa.Text, nullable=False, server_default=""),
    sa.Column("does", sa.Boolean, nullable=False, server_default=sa.false()),
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("send_id", BigId, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("recipients", sa.Integer, nullable=False),
    sa.Column("friend_ids", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("retry_key", sa.Uuid, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("first_called_at", UtcTime),
    sa.Column("called_at", UtcTime),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("lease_until", UtcTime),
    sa.Column("settled_at", UtcTime),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("wave", sa.Integer, nullable=False),
    sa.Column("addressee", BigId),
)

to_do = sa.Table(
    "to_do",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("batch_id", BigId, primary_key=True),
)

enrolments = sa.Table(
    "enrolments",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("friend_id", BigId, nullable=False),
    sa.Column("scenario", sa.Text, nullable=False),
    sa.Column("instance", sa.Text, nullable=False),
    sa.Column("entry", sa.Integer, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("anchor", Millisecond, nullable=False),
    sa.Column("entered_at", Millisecond, nullable=False),
    sa.Column("due", Millisecond),
    sa.Column("reached", Millisecond, nullable=False),
    sa.Column("waiting", Millisecond),
    sa.Column("turn", sa.Text, nullable=False),
    sa.Column("held_until", Millisecond),
    sa.Column("began_with", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("marks", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("changed_at", Millisecond, nullable=False),
)

happenings = sa.Table(
    "happenings",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("friend_id", BigId, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("at", Millisecond, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("done_at", Millisecond),
)

sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("finished_at", UtcTime, nullable=False),
)

audience_uploads = sa.Table(
    "audience_uploads",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("audience", BigId, nullable=False),
    sa.Column("friend_ids", sa.LargeBinary, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
)

code_pools = sa.Table(
    "code_pools",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)

pool_sends = sa.Table(
    "pool_sends",
    metadata,
    sa.Column("pool_id", BigId, primary_key=True),
    sa.Column("send_id", BigId, primary_key=True),
)

codes = sa.Table(
    "codes",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("pool_id", BigId, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("given_at", UtcTime),
    sa.Column("holder_id", BigId),
    sa.Column("send_id", BigId),
    sa.Column("forgotten", sa.Text),
)

friend_menus = sa.Table(
    "friend_menus",
    metadata,
    sa.Column("friend_id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("menu", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("call", sa.Text, nullable=False),
)

menu_passes = sa.Table(
    "menu_passes",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("took", BigId, nullable=False),
)

link_targets = sa.Table(
    "link_targets",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("send_id", BigId, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("taps", BigId, nullable=False),
)

coupons = sa.Table(
    "coupons",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("coupon_id", sa.Text, nullable=False),
    sa.Column("intended_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
)

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("key_mark", sa.Text, nullable=False),
    sa.Column("emptied", sa.Integer, nullable=False),
    sa.Column("forgotten_at", UtcTime, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)

paces = sa.Table(
    "paces",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("tokens", Seconds, nullable=False),
    sa.Column("refilled_at", Seconds, nullable=False),
    sa.Column("speed", Seconds, nullable=False),
    sa.Column("slowed_at", Seconds, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", Millisecond, nullable=False),
    sa.Column("received_at", Millisecond, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Millisecond),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
)

intake_keys = sa.Table(
    "intake_keys",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("made_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("friend_id", BigId, nullable=False),
    sa.Column("webhook", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("made_at", Millisecond, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Millisecond),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

item_events = sa.Table(
    "item_events",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("at", Millisecond, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("told", sa.Integer, nullable=False),
)

copies = sa.Table(
    "copies",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("mark", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("seq", BigId, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("ids", postgresql.ARRAY(sa.BigInteger).with_variant(sa.Integer(), "sqlite")),
    sa.Column("stamp", sa.BigInteger, nullable=False),
    sa.Column("xid", sa.BigInteger),
)

dialogues = sa.Table(
    "dialogues",
    metadata,
    sa.Column("friend_id", BigId, primary_key=True),
    sa.Column("form", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("began_at", UtcTime, nullable=False),
    sa.Column("touched_at", UtcTime, nullable=False),
    sa.Column("answers", Json, nullable=False),
    sa.Column("beside", Json, nullable=False),
    sa.Column("picked", Json, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("heard", Json, nullable=False),
    sa.Column("undecided", Json, nullable=False),
)

answered = sa.Table(
    "answered",
    metadata,
    sa.Column("friend_id", BigId, primary_key=True),
    sa.Column("reply", sa.Text, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
)

member_nonces = sa.Table(
    "member_nonces",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("member_id", sa.Text, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("used_by", sa.Text, nullable=False),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("account_id", BigId, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("fields", Json, nullable=False),
)

profile_asks = sa.Table(
    "profile_asks",
    metadata,
    sa.Column("friend_id", BigId, primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Millisecond),
)
