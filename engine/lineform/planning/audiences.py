"""Declared audiences against live ones, for one client.

Ours is what bears this client's mark in its description. LINE tells nobody who is in an audience and takes nobody out
again, so the store remembers who was uploaded: whoever joins the segment is added, and where somebody has left it, a
new audience takes the old one's place, as soon as `audience_ages` allows. An audience lives for 180 days and is renewed
before. Nothing is created or deleted where nothing differs: LINE forbids making and deleting audiences over and over
(https://developers.line.biz/en/docs/messaging-api/development-guidelines/).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from lineform.lineapi import limits
from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.audience_spec import AudienceSpec
from lineform.model.project import Client
from lineform.planning.audience_ages import TRIED_AGAIN_AFTER, Membership, near_sends, replaced_from
from lineform.planning.change import Action, AudienceWork, Change
from lineform.planning.live import LiveAccount
from lineform.planning.live_audiences import AudienceStatus, LiveAudience
from lineform.planning.marks import Mark, read_mark
from lineform.planning.options import PlanOptions
from lineform.plural import plural
from lineform.segments.predicate import Predicate
from lineform.segments.wire import to_wire
from lineform.sending.derived import FEWEST, MAKEABLE, Derivation, SourceSend, derivation
from lineform.sending.revision import declared_by, members_predicate
from lineform.sending.tracking import declared_links

RENEWED_BEFORE: Final = timedelta(days=14)
HASH_LENGTH: Final = 16
"""With two names of 32 characters, a mark just fits into a description's 120."""
_USABLE: Final = frozenset({AudienceStatus.IN_PROGRESS, AudienceStatus.READY, AudienceStatus.OTHER})


@dataclass(frozen=True, slots=True)
class OwnAudience:
    """One live audience of ours."""

    mark: Mark
    live: LiveAudience


@dataclass(slots=True)
class AudienceChanges:
    """What the comparison found. `settled` holds what already is as declared, by address."""

    changes: list[Change] = field(default_factory=list)
    settled: dict[str, Mapping[str, str]] = field(default_factory=dict)
    foreign: tuple[LiveAudience, ...] = ()


def declared_audiences(client: Client) -> dict[str, Predicate]:
    """Whom each declared audience is to hold, by address."""
    specs = [(str(resource.address), resource.spec) for resource in client.of(Kind.AUDIENCE)]
    words = declared_by(client) if specs else None
    return {
        address: members_predicate(spec, words, client.timezone)
        for address, spec in specs
        if isinstance(spec, AudienceSpec) and words is not None and spec.from_.segment is not None
    }


def derived_audiences(client: Client) -> dict[str, Derivation]:
    """Of what LINE is to make each of its own audiences, by address."""
    attributes = (resource.spec for resource in client.of(Kind.ATTRIBUTES))
    links = declared_links(spec for spec in attributes if isinstance(spec, AttributesSpec))
    found = {}
    for resource in client.of(Kind.AUDIENCE):
        if isinstance(resource.spec, AudienceSpec) and (made_of := derivation(resource.spec, links)) is not None:
            found[str(resource.address)] = made_of
    return found


def audience_hash(predicate: Predicate) -> str:
    """Over the meaning of its segment, so that a changed condition is a change that somebody approves."""
    text = json.dumps(["upload", to_wire(predicate)], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]


def own_audiences(client: str, live: Sequence[LiveAudience]) -> dict[str, tuple[OwnAudience, ...]]:
    """Ours by address, oldest first. What LINE would not let us change is not ours, whatever it is called."""
    found: dict[str, list[OwnAudience]] = {}
    for audience in live:
        mark = read_mark(audience.description)
        if mark is None or mark.client != client or mark.address.kind is not Kind.AUDIENCE or not audience.writable:
            continue
        found.setdefault(str(mark.address), []).append(OwnAudience(mark, audience))
    return {a: tuple(sorted(own, key=lambda o: (o.mark.created, o.live.id))) for a, own in found.items()}


def compare_audiences(
    client: Client,
    live: LiveAccount,
    members: Mapping[str, Membership],
    now: datetime,
    options: PlanOptions,
    sources: Mapping[str, SourceSend] = MappingProxyType({}),
) -> AudienceChanges:
    """All changes of this client's audiences, by address. `members` holds every declared audience of a segment and
    speaks of its newest live copy; `sources` holds the send that a campaign's audiences can be made from, by the
    campaign's address."""
    own = own_audiences(client.name, live.audiences)
    ours = {one.live.id for copies in own.values() for one in copies}
    found = AudienceChanges(foreign=tuple(one for one in live.audiences if one.id not in ours))
    declared = declared_audiences(client)
    near = near_sends(client, now) if declared else frozenset()
    for address, predicate in declared.items():
        wanted = audience_hash(predicate)
        copies, one = own.get(address, ()), members[address]
        _declared(client.name, address, copies, wanted, one, now, found, near=address in near)
    derived = derived_audiences(client)
    for address, made_of in derived.items():
        _derived(client.name, address, own.get(address, ()), made_of, sources.get(made_of.campaign), now, found)
    for address in sorted(own.keys() - declared.keys() - derived.keys()):
        found.changes.append(_undeclared(client.name, address, own[address], options))
    found.changes += _too_many(client.name, live, found.changes)
    return found


def _declared(
    client: str,
    address: str,
    copies: tuple[OwnAudience, ...],
    wanted: str,
    members: Membership,
    now: datetime,
    found: AudienceChanges,
    *,
    near: bool,
) -> None:
    after = {"audience": wanted}
    if not copies:
        work = AudienceWork(hash=wanted, fill=True)
        reason = f"declared, not on the account; {plural(members.selected, 'friend')} now"
        found.changes.append(
            Change(Action.CREATE, client, address, {"audience": ""}, after, reason, audience_work=work)
        )
        return
    newest = copies[-1]
    before = {"audience": newest.mark.hash}
    if reason := _reason_to_replace(newest, wanted, members, now, near=near):
        work = AudienceWork(hash=wanted, fill=True)
        same = before == after
        if same:
            found.settled[address] = after
        found.changes.append(
            Change(Action.REPLACE, client, address, before, after, reason, housekeeping=same, audience_work=work)
        )
    else:
        found.settled[address] = after
        if waits := _waits(newest, members, now, near=near):
            found.changes.append(Change(Action.PENDING, client, address, before, before, waits))
        if (members.missing or members.unfinished) and not _broken(newest.live):
            work = AudienceWork(newest.live.id, wanted, fill=True)
            joined = f"{plural(members.missing, 'friend')} of its segment are not in it yet"
            reason = "an interrupted apply has not finished it" if members.unfinished else joined
            found.changes.append(
                Change(Action.REFRESH, client, address, before, after, reason, housekeeping=True, audience_work=work)
            )
    found.changes += _retire(client, address, copies[:-1], newest)


def _derived(
    client: str,
    address: str,
    copies: tuple[OwnAudience, ...],
    made_of: Derivation,
    source: SourceSend | None,
    now: datetime,
    found: AudienceChanges,
) -> None:
    """LINE makes one of each send, once, and only while the send is young: nothing here is tried again and again."""
    after = {"audience": made_of.hash}
    newest = copies[-1] if copies else None
    before = {"audience": newest.mark.hash if newest else ""}
    same = before == after
    work = AudienceWork(hash=made_of.hash, derive=made_of, request_id=source.request_id if source else "")
    if same:
        found.settled[address] = after
    if newest is not None and same and (source is None or source.request_id == newest.live.request_id):
        if reason := _not_renewed(newest, made_of, now):
            found.changes.append(Change(Action.PENDING, client, address, before, before, reason))
        found.changes += _retire(client, address, copies[:-1], newest)
    elif reason := _not_makeable(source, made_of, now):
        found.changes.append(Change(Action.PENDING, client, address, before, before, reason))
    elif newest is None:
        reason = f"declared, not on the account; {made_of.campaign} was sent to {_people_of(source)}"
        found.changes.append(Change(Action.CREATE, client, address, before, after, reason, audience_work=work))
    else:
        reason = f"{made_of.campaign} was sent again" if same else "it is made of something else now"
        found.changes.append(
            Change(Action.REPLACE, client, address, before, after, reason, housekeeping=same, audience_work=work)
        )


def _people_of(source: SourceSend | None) -> str:
    return plural(source.recipients if source else 0, "friend")


def _not_makeable(source: SourceSend | None, made_of: Derivation, now: datetime) -> str:
    """Why LINE cannot make it now; empty where it can."""
    if source is None:
        return f"LINE makes it when {made_of.campaign} has been sent, by broadcast or narrowcast"
    if now - source.sent_at >= MAKEABLE:
        return f"LINE makes it of sends of the last {MAKEABLE.days} days, and {made_of.campaign} was sent before"
    if source.recipients < FEWEST:
        reached = plural(source.recipients, "friend")
        return f"{made_of.campaign} reached {reached}, and LINE wants {FEWEST} in such an audience"
    return ""


def _not_renewed(newest: OwnAudience, made_of: Derivation, now: datetime) -> str:
    """Why it is of no use, or soon will be, while nothing new can be made: LINE makes one of each send, once."""
    live = newest.live
    if live.status not in _USABLE:
        return f"LINE says it is {live.status.value}, and makes no second one until {made_of.campaign} is sent again"
    if live.expires is not None and live.expires - now < RENEWED_BEFORE:
        return f"it expires on {live.expires:%Y-%m-%d}, and is renewed when {made_of.campaign} is sent again"
    return ""


def _reason_to_replace(newest: OwnAudience, wanted: str, members: Membership, now: datetime, *, near: bool) -> str:
    live = newest.live
    if newest.mark.hash != wanted:
        return "its segment means other people now"
    if broken := _broken(live):
        return broken if now - newest.mark.created >= TRIED_AGAIN_AFTER else ""
    if live.expires is not None and live.expires - now < RENEWED_BEFORE:
        return f"it expires on {live.expires:%Y-%m-%d}"
    if not members.recorded and live.count:
        return "the store does not know who is in it"
    since = replaced_from(members, newest.mark.created, now, near=near)
    if since is not None and since <= now and live.status is not AudienceStatus.IN_PROGRESS:
        gone = members.left + members.passed
        return f"{plural(gone, 'friend')} left its segment, and LINE takes nobody out of an audience"
    return ""


def _broken(live: LiveAudience) -> str:
    """Why it can never be sent to; empty where it can, or will."""
    if live.status not in _USABLE:
        return f"LINE says it is {live.status.value}"
    return "an upload to it failed at LINE" if live.uploads_failed else ""


def _waits(newest: OwnAudience, members: Membership, now: datetime, *, near: bool) -> str:
    """What becomes of an audience that failed, or that friends have left, and that is not replaced now; empty where
    nothing has to."""
    if broken := _broken(newest.live):
        return f"{broken}; an apply makes another after {newest.mark.created + TRIED_AGAIN_AFTER:%Y-%m-%d %H:%M} UTC"
    since = replaced_from(members, newest.mark.created, now, near=near)
    if since is None:
        return ""
    if newest.live.status is AudienceStatus.IN_PROGRESS:
        when = "LINE has made it"
    else:
        when = f"{since:%Y-%m-%d %H:%M} UTC" + ("" if near else ", or in the last day before a campaign")
    sent = members.unsendable(now - newest.mark.created)
    until = "nothing is sent to it until then" if sent else "it may be sent to until then"
    why = "left its segment" if sent else "left its segment because time went on"
    return f"{plural(sent or members.passed, 'friend')} {why}; an apply replaces it after {when}; {until}"


def _retire(client: str, address: str, older: tuple[OwnAudience, ...], newest: OwnAudience) -> list[Change]:
    """Replaced audiences stay until their successor can be sent to."""
    changes = []
    for copy in older:
        seen = {"audience": copy.mark.hash}
        name = str(copy.live.id)
        if newest.live.status is AudienceStatus.READY:
            work = AudienceWork(delete=(copy.live.id,))
            reason = "replaced, and its successor is ready"
            changes.append(
                Change(
                    *(Action.DELETE, client, address, seen, {"audience": ""}, reason),
                    housekeeping=True,
                    menu_id=name,
                    audience_work=work,
                )
            )
        else:
            reason = "replaced; deleted by an apply after its successor is ready"
            changes.append(Change(Action.RETIRING, client, address, seen, seen, reason, menu_id=name))
    return changes


def _undeclared(client: str, address: str, copies: tuple[OwnAudience, ...], options: PlanOptions) -> Change:
    newest = copies[-1]
    seen = {"audience": newest.mark.hash}
    name = str(newest.live.id)
    if options.prune:
        work = AudienceWork(delete=tuple(one.live.id for one in copies))
        gone = {"audience": ""}
        return Change(Action.DELETE, client, address, seen, gone, "its file is gone", menu_id=name, audience_work=work)
    reason, hint = "its file is gone; it stays as it is", "add --prune to delete it"
    return Change(Action.UNDECLARED, client, address, seen, seen, reason, hint, menu_id=name)


def _too_many(client: str, live: LiveAccount, changes: Sequence[Change]) -> list[Change]:
    works = [c for c in changes if c.audience_work is not None and (c.audience_work.fill or c.audience_work.derive)]
    new = sum(1 for c in works if not _lives(c))
    count = sum(1 for one in live.audiences if one.writable) + new
    if not new or count <= limits.AUDIENCES:
        return []
    reason = f"the account would have {count} audiences; LINE allows {limits.AUDIENCES}"
    return [Change(Action.BLOCKED, client, "", {}, {}, reason, "delete audiences that nobody needs", "G106")]


def _lives(change: Change) -> bool:
    return change.audience_work is not None and change.audience_work.audience_id != 0


def new_mark(client: str, address: Address, wanted: str, now: datetime) -> str:
    """The description of an audience that is made now."""
    return str(Mark(client, address, wanted, now))
