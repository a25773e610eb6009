"""Every message that a file sends, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lineform.model.actions import Action, SendAction
from lineform.model.campaign import CampaignSpec
from lineform.model.form import FormSpec
from lineform.model.origin import Path
from lineform.model.reply import ReplySpec
from lineform.model.route import RouteSpec
from lineform.model.scenario import ScenarioSpec, Step, Turn

Speaking = CampaignSpec | ScenarioSpec | ReplySpec | FormSpec | RouteSpec
Placed = tuple[Path, dict[str, Any]]


def messages_of(spec: Speaking) -> Iterator[Placed]:
    """In LINE's own form or the short one, as they are written."""
    match spec:
        case CampaignSpec():
            yield from _listed(spec.messages, ("messages",))
        case ScenarioSpec():
            for index, step in enumerate(spec.steps):
                yield from _step(step, ("steps", index))
        case ReplySpec():
            yield from _sent(spec.do, ("do",))
            yield from _sent(spec.otherwise or (), ("otherwise",))
        case FormSpec():
            for index, question in enumerate(spec.questions):
                path: Path = ("questions", index, "ask")
                if isinstance(question.ask, str):
                    yield path, {"text": question.ask}
                else:
                    yield from _listed(question.ask, path)
            yield from _sent(spec.done or (), ("done",))
        case RouteSpec():
            yield from _sent(spec.do or (), ("do",))


def turns(step: Step, path: Path) -> Iterator[tuple[Turn, Path]]:
    """The ways on from a step."""
    for place, arm in enumerate(step.branch or ()):
        yield arm, (*path, "branch", place)
    if step.wait is not None:
        yield step.wait, (*path, "wait")
        yield step.wait.else_, (*path, "wait", "else")


def sends(step: Step) -> bool:
    """Whether a step sends anything, on whatever way."""
    return any(True for _ in _step(step, ()))


def _step(step: Step, path: Path) -> Iterator[Placed]:
    yield from _listed(step.send or (), (*path, "send"))
    yield from _sent(step.do or (), (*path, "do"))
    for turn, here in turns(step, path):
        yield from _sent(turn.then or (), (*here, "then"))


def _sent(actions: Sequence[Action], path: Path) -> Iterator[Placed]:
    for index, action in enumerate(actions):
        if isinstance(action, SendAction):
            yield from _listed(action.send, (*path, index, "send"))


def _listed(messages: Sequence[dict[str, Any]], path: Path) -> Iterator[Placed]:
    for index, message in enumerate(messages):
        yield (*path, index), message
