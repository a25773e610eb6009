"""A friend who fills in the form of a profile, question after question."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lineform.scenarios.answering import Armed, Standing, answer
from lineform.scenarios.dialogue import Dialogue
from lineform.scenarios.effect import Effect
from lineform.scenarios.happening import Happening
from lineform.segments.friend import Friend
from support.answering import ANYTHING, HOURS, NOW, PROFILE, START, armed, buttons, friend, tapped, texts, wrote


@cache
def rules() -> Armed:
    with TemporaryDirectory() as folder:
        return armed(
            Path(folder),
            {
                "forms/profile.yaml": PROFILE,
                "replies/hours.yaml": HOURS,
                "replies/start.yaml": START,
                "replies/anything.yaml": ANYTHING,
            },
        )


@dataclass
class Chat:
    """One friend and what is recorded of them, as the store would keep it."""

    armed: Armed = field(default_factory=rules)
    standing: Standing = field(default_factory=Standing)
    friend: Friend = field(default_factory=friend)
    at: datetime = NOW
    effects: tuple[Effect, ...] = ()

    def do(self, happening: Happening, wait: timedelta = timedelta(seconds=10)) -> list[str]:
        self.at += wait
        outcome = answer(self.armed, self.standing, happening, self.friend, self.at)
        dialogues = {**self.standing.dialogues, **outcome.dialogues}
        kept = {name: one for name, one in dialogues.items() if one is not None}
        self.standing = Standing(kept, {**self.standing.answered, **outcome.answered})
        self.effects = outcome.effects
        return texts(outcome.effects)

    def write(self, text: str) -> list[str]:
        return self.do(wrote(text))

    def tap(self, label: str) -> list[str]:
        return self.do(tapped(buttons(self.effects)[label]))

    @property
    def dialogue(self) -> Dialogue | None:
        return self.standing.dialogues.get("profile")

    @property
    def asked(self) -> str:
        assert self.dialogue is not None
        return self.dialogue.at


def begun() -> Chat:
    chat = Chat()
    assert chat.write("アンケート") == ["はじめます", "性別を教えてください"]
    return chat
