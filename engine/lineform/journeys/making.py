"""Messages for single friends: made, guarded, and given what they name, by the same rooms as those of campaigns.

A message is made twice. First as whoever merely looks would read it: with something that stands for a code, and with
links as they are; by this it is guarded, and known again. Then, where it holds codes or tracked links, once more inside
of the freeze that hands them out. What a friend is recommended is picked the first time, and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineform.journeys.decision import Decision
from lineform.journeys.passing import pages_of
from lineform.journeys.people import Said
from lineform.journeys.shelf import PAGE, Alike, alike
from lineform.lineapi.limits import MESSAGES_PER_REQUEST
from lineform.ports.ledger import Handout
from lineform.run.fill import Fill, handed_out, looked_up
from lineform.run.recommending import NothingToRecommend, PerFriend
from lineform.run.signing import signing_keys
from lineform.segments.friend import Friend
from lineform.sending.given import Given, names_read, pools_read
from lineform.sending.scope import friend_scope, run_scope
from lineform.sending.textguards import suspicious_bytes
from lineform.templates.errors import TemplateError
from lineform.templates.send import CompiledMessages, is_each


class NotMade(Exception):
    """A message that must not or cannot be made for one friend; the text says why."""


@dataclass(slots=True, eq=False)
class Common:
    """What friends have in common who are sent the same."""

    compiled: CompiledMessages
    given: Given
    """The links and items that the messages read."""
    people: list[int] = field(default_factory=list)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    own: PerFriend = field(default_factory=dict)
    without: dict[int, str] = field(default_factory=dict)
    """Friends for whom there is nothing to recommend, and by which rule."""

    @property
    def takes_codes(self) -> bool:
        return bool(pools_read(self.compiled.reads))

    @property
    def links(self) -> Mapping[str, str]:
        """Where the tracked links lead, by name."""
        return self.given.links if self.given.tracks else {}


@dataclass(frozen=True, slots=True)
class Made:
    """A message made for one friend."""

    said: Said
    common: Common
    scope: Mapping[str, Any]
    """What its expressions read."""
    body: bytes
    """The messages as JSON, as whoever merely looks reads them."""
    count: int
    """How many messages it is."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What a friend is sent. `plain` is the same without what only this send put into it."""

    friend: Friend
    body: bytes
    plain: bytes


class Maker:
    """Makes what was said in one decision."""

    def __init__(self, decision: Decision) -> None:
        self._decision = decision
        self._common: dict[Alike, Common] = {}

    def look_up(self, several: Iterable[Said]) -> None:
        """Looks up what these messages are given, together for all friends who are sent the same. Raises BlockedError
        where the account has nothing to give: a coupon that was not made, a feed without items."""
        fresh: dict[Alike, Common] = {}
        for said in several:
            key = alike(said.say)
            if key not in fresh:
                compiled = self._decision.shelf.compiled(said.say)
                fresh[key] = Common(compiled, said.say.given.read_by(compiled.reads))
            fresh[key].people.append(said.friend.id)
        for common in fresh.values():
            fill = looked_up(self._decision.supplies, common.compiled.reads, common.given)
            common.fixed = fill.fixed
            common.own = self._each(fill, common)
        self._common |= fresh

    def _each(self, fill: Fill, common: Common) -> PerFriend:
        left = sorted(set(common.people))
        while left:
            try:
                return fill.each(left)
            except NothingToRecommend as nothing:
                common.without.update(dict.fromkeys(nothing.friends, nothing.name))
                left = [one for one in left if one not in nothing.friends]
        return {}

    def made(self, said: Said) -> Made:
        """One message, which was looked up. Raises NotMade."""
        common = self._common[alike(said.say)]
        if (rule := common.without.get(said.friend.id)) is not None:
            raise NotMade(f"items.{rule} has nothing for this friend")
        scope = self._scope(said, common)
        try:
            body = common.compiled.render_bytes(scope)
        except TemplateError as unknown:
            raise NotMade(unknown.message) from unknown
        entry = said.script or self._decision.book.entries.get(said.say.address)
        strict = self._decision.client.spec.environment == "production"
        if found := suspicious_bytes(body, production=getattr(entry, "production", strict)):
            raise NotMade(found[0][1].sentence)
        count = len(said.say.messages)
        if any(is_each(message) for message in said.say.messages) and not (
            1 <= (count := len(json.loads(body))) <= MESSAGES_PER_REQUEST
        ):
            raise NotMade(f"it repeats to {count} messages, and LINE takes 1 to {MESSAGES_PER_REQUEST}")
        return Made(said, common, scope, body, count)

    def _scope(self, said: Said, common: Common) -> dict[str, Any]:
        client, now = self._decision.client, self._decision.now
        names = names_read(common.compiled.reads, PAGE)
        forms = self._decision.book.answering.forms
        return {
            "run": run_scope(now, client.timezone),
            "page": pages_of(names, said.friend.id, client.name, forms, self._decision.keys, now),
            "friend": friend_scope(said.friend, client.timezone),
            "event": said.say.context.get("event", {}),
            **common.fixed,
            **common.own.get(said.friend.id, {}),
        }

    def whole(self, handout: Handout, several: Sequence[Made]) -> list[Whole]:
        """What these friends are sent, in their order, inside of the freeze that hands it out: codes once for good,
        whatever they were given before, and links that are signed. Raises PoolEmpty, and BlockedError where links
        cannot be signed."""
        fills = {
            common: self._handed_out(handout, common, {one.said.friend.id for one in several if one.common is common})
            for common in dict.fromkeys(one.common for one in several)
            if common.takes_codes or common.links
        }
        out = []
        for one in several:
            found = fills.get(one.common)
            if found is None:
                out.append(Whole(one.said.friend, one.body, one.body))
                continue
            fill, own = found
            scope = {**one.scope, **fill.fixed, **own.get(one.said.friend.id, {})}
            body = one.common.compiled.render_bytes(scope)
            out.append(Whole(one.said.friend, body, fill.plain(body)))
        return out

    def _handed_out(self, handout: Handout, common: Common, friends: Iterable[int]) -> tuple[Fill, PerFriend]:
        signed = signing_keys(self._decision.keys, common.given)
        # What was recommended is in the scopes already.
        given = replace(common.given, items={})
        fill = handed_out(self._decision.supplies, handout, common.compiled.reads, given, signed)
        return fill, fill.each(sorted(friends))
