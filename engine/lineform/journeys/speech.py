"""What is said to friends in one decision, and what the limits about single friends keep from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from lineform.journeys.limits import Lately
from lineform.journeys.people import Said
from lineform.segments.friend import Friend

_Together = tuple[int, str, str]


@dataclass(slots=True)
class Speech:
    """Everything that one decision says, in its order. What must not go after all is among it, and says why."""

    now: datetime
    lately: Lately | None = None
    """What these friends were sent lately; None where no limit asks for it."""
    said: list[Said] = field(default_factory=list)
    _over: dict[_Together, bool] = field(default_factory=dict)
    """Whether a friend was over a limit, by what leads to messages that go together: a scenario, or a happening."""

    @property
    def pushed(self) -> int:
        """How many friends would be pushed to, each as often as something is said to them. What a reply does not take,
        such as a code, comes on top: that is known when it is made."""
        return sum(1 for said in self.said if not said.refused and not said.by_token(self.now))

    def free_at(self, friend: Friend) -> datetime | None:
        """Until when the limits keep messages from this friend; None where one may go now."""
        return None if self.lately is None else self.lately.free_at(friend, self.now)

    def say(self, said: Said) -> None:
        """A message as it was decided. The machine of a scenario asked the limits itself, and none holds for what
        somebody waits for; every other message is judged here."""
        self._add(said if said.script is not None or said.waited_for(self.now) else self._limited(said))

    def push(self, said: Said) -> None:
        """A message that was to answer, as a push: it keeps the limits, whoever decided it."""
        self._add(self._limited(replace(said, say=replace(said.say, answer=False))))

    def reads_first(self, friend: Friend, source: str, digest: bytes) -> bool:
        """Whether the friend did not read these messages lately; from now on they did."""
        if self.lately is None:
            return True
        if self.lately.has_read(friend, digest, self.now):
            return False
        self.lately.add(friend.id, source, digest, self.now)
        return True

    def _limited(self, said: Said) -> Said:
        """The same, refused where its friend is over a limit. Messages that go together are judged once, so that the
        first of them does not keep the second away."""
        if said.refused or said.say.capped == "send":
            return said
        together = _together(said)
        if together not in self._over:
            self._over[together] = self.free_at(said.friend) is not None
        return replace(said, refused="the friend was over a limit") if self._over[together] else said

    def _add(self, said: Said) -> None:
        self.said.append(said)
        if self.lately is not None and not said.by_token(self.now) and not said.refused:
            # Its messages are not made yet: what is counted here is that there is one.
            self.lately.add(said.friend.id, said.say.source, b"", self.now)


def _together(said: Said) -> _Together:
    return (
        said.friend.id,
        "" if said.script is None else said.script.address,
        "" if said.cause is None else said.cause.key,
    )
