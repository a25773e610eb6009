"""``kind: route``: an entry route: a poster, a shop's counter, a page, by which people become friends."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lineform.model.actions import Actions, Track
from lineform.model.attributes import RouteWords, TagName
from lineform.model.base import ArmedSpec, Duration


class RouteSpec(ArmedSpec):
    """One medium with its own address and QR picture. Which way a friend came is told by the account's LIFF app, or by
    a text that the friend sends: see `entry` of the client. The first route of a friend is kept, and the last."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ("do",)

    kind: Literal["route"]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    """What the entry page is called."""
    text: str = ""
    """A sentence on the entry page."""
    tag: TagName | None = None
    """A tag for whoever comes this way."""
    do: Actions | None = None
    """What follows when a friend comes this way, the first time and each time after `gap`."""
    gap: Duration | None = None
    """For so long, coming again by this route does nothing more. For ever, where it is left out."""
    track: Track | None = None
    """Whether taps on declared links are recorded: who tapped, or only how often they were tapped."""
    allow_test_word: bool = False
    """Whether テスト is meant in these texts. Elsewhere on a production account it is refused."""

    @property
    def spoken(self) -> RouteWords:
        """The word that this route declares."""
        return RouteWords(description=self.description)
