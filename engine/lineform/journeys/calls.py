"""What ``call`` does: a system of the business is to be told, and the call is written down with what it follows from.

The call itself is made later, out of the outbox, and again until it is heard.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lineform.journeys.cases import Deed
from lineform.ports.intake import NewCall
from lineform.scenarios.effect import Call, Effect
from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import ANSWER


def intend(deed: Deed, effect: Effect) -> Sequence[Effect]:
    """Writes the call down, once for this effect on this friend."""
    if not isinstance(effect, Call):
        raise TypeError(f"{type(effect).__name__} is no call")
    key = f"{effect.source}/{effect.key}/{deed.friend.id}"
    call = NewCall(deed.friend.id, effect.webhook, key, _body(deed, effect, key))
    deed.store.intend_calls(deed.client.name, [call], deed.now)
    return ()


def _body(deed: Deed, call: Call, key: str) -> str:
    """What the system reads: who, from where, and what it follows from; no text that the friend wrote."""
    friend, cause = deed.friend, deed.cause
    fields = {} if cause is None or _written_by_friends(cause) else dict(cause.fields)
    told = {
        "id": key,
        "client": deed.client.name,
        "source": call.source,
        "at": deed.now.isoformat(),
        "friend": {"user_id": friend.user_id, "member_id": friend.member_id},
        "cause": None
        if cause is None
        else {"what": cause.what.value, "name": cause.name, "at": cause.at.isoformat(), "fields": fields},
    }
    return json.dumps(told, separators=(",", ":"))


def _written_by_friends(cause: Happening) -> bool:
    """Whether its fields hold what a friend wrote: a form's page, an answer to a form, a message."""
    return cause.what in {What.PAGE, What.MESSAGE} or (cause.what is What.EVENT and cause.name == ANSWER)
