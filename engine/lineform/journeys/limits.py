"""What one friend was sent lately, and until when the limits about single friends keep more from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lineform.model.client import PerFriend
from lineform.ports.store import Store
from lineform.segments.friend import Friend
from lineform.sending.caps import WEEK, Contact, look_back

_EVERYBODY = 0


@dataclass(slots=True)
class Lately:
    """What these friends were sent, what is decided in the meantime included."""

    rule: PerFriend
    contacts: dict[int, list[Contact]] = field(default_factory=dict)

    def of(self, friend: Friend) -> Sequence[Contact]:
        """This friend's, broadcasts included that were made after they followed."""
        own = self.contacts.get(friend.id, [])
        followed = friend.followed_at
        everybody = (c for c in self.contacts.get(_EVERYBODY, ()) if followed is None or followed <= c.at)
        return [*own, *everybody]

    def free_at(self, friend: Friend, now: datetime) -> datetime | None:
        """Until when no further message may go; None where one may go now."""
        moments = sorted(contact.at for contact in self.of(friend))
        until: list[datetime] = []
        if self.rule.gap is not None and moments:
            until.append(moments[-1] + self.rule.gap)
        week = [at for at in moments if now - at < WEEK]
        if self.rule.week is not None and len(week) >= self.rule.week:
            until.append(week[len(week) - self.rule.week] + WEEK)
        return max((at for at in until if at > now), default=None)

    def has_read(self, friend: Friend, digest: bytes, now: datetime) -> bool:
        """Whether this friend read the same lately."""
        return any(c.digest == digest and now - c.at < self.rule.same_body for c in self.of(friend))

    def add(self, friend_id: int, address: str, digest: bytes, now: datetime) -> None:
        """A message that is on its way from now on."""
        self.contacts.setdefault(friend_id, []).append(Contact(now, address, (), digest))


def lately(store: Store, account: str, rule: PerFriend | None, ids: Sequence[int], now: datetime) -> Lately | None:
    """What these friends were sent as far as the rule asks; None where there is none."""
    if rule is None:
        return None
    found: Mapping[int, Sequence[Contact]] = store.contacts_of(account, ids, now - look_back(rule), now)
    return Lately(rule, {friend_id: list(contacts) for friend_id, contacts in found.items()})
