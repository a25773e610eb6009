"""What may be done when something happens to one friend: the actions of scenario steps, replies and forms.

One vocabulary for all of them, so that a thing is written the same way wherever it is written.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from lineform.model.attributes import AttributeName, TagName, WordName
from lineform.model.base import Name, Part

Messages = Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=5, strict=False)]
"""One to five messages, in LINE's own form or the short one; see `lineform.lineapi`."""
Track = Literal["friend", "message"]
"""How taps on links are recorded: by friend, each of whom then reads an address of their own, or by message."""


class SendAction(Part):
    """``{send: [{text: …}]}``: messages to this friend."""

    send: Messages


class TagAction(Part):
    """``{tag: vip}``: gives a tag; one of an exclusive group takes the others of the group away."""

    tag: TagName


class UntagAction(Part):
    """``{untag: vip}``: takes a tag away."""

    untag: TagName


class SetAction(Part):
    """``{set: {rank: gold}}``: values of declared attributes; null forgets a value."""

    set: Annotated[dict[AttributeName, Any], Field(min_length=1)]


class MenuAction(Part):
    """``{menu: ladies}``: links a rich menu to this friend; ``{menu: none}`` takes the friend's own menu away."""

    menu: Name | Literal["none"]


class StartAction(Part):
    """``{start: aftercare}``: the friend enters a scenario."""

    start: Name


class StopAction(Part):
    """``{stop: aftercare}``: the friend leaves a scenario."""

    stop: Name


class FormAction(Part):
    """``{form: profile}``: begins to ask a form's questions in the chat."""

    form: Name


class RecordedEvent(Part):
    """An event of a declared type."""

    event: WordName
    fields: dict[AttributeName, Any] = {}


class RecordAction(Part):
    """``{record: {event: visit, fields: {shop: ginza}}}``: notes that the friend did this now."""

    record: RecordedEvent


class CallAction(Part):
    """``{call: crm}``: tells a system of the business, by the webhook that the client declares under this name."""

    call: WordName


KEYS = ("send", "tag", "untag", "set", "menu", "start", "stop", "form", "record", "call")
"""The keys that name an action, each of which occurs in exactly one of the models."""


def _action_named(value: Any) -> str | None:
    """The key that names the action, in brackets: a bare word would look like a key of the author's in an error."""
    if isinstance(value, dict):
        return next((f"<{key}>" for key in KEYS if key in value), None)
    return next((f"<{key}>" for key, model in _MODELS.items() if isinstance(value, model)), None)


Action = Annotated[
    Annotated[SendAction, Tag("<send>")]
    | Annotated[TagAction, Tag("<tag>")]
    | Annotated[UntagAction, Tag("<untag>")]
    | Annotated[SetAction, Tag("<set>")]
    | Annotated[MenuAction, Tag("<menu>")]
    | Annotated[StartAction, Tag("<start>")]
    | Annotated[StopAction, Tag("<stop>")]
    | Annotated[FormAction, Tag("<form>")]
    | Annotated[RecordAction, Tag("<record>")]
    | Annotated[CallAction, Tag("<call>")],
    Discriminator(_action_named),
]
_MODELS: dict[str, type[Part]] = {
    "send": SendAction,
    "tag": TagAction,
    "untag": UntagAction,
    "set": SetAction,
    "menu": MenuAction,
    "start": StartAction,
    "stop": StopAction,
    "form": FormAction,
    "record": RecordAction,
    "call": CallAction,
}
Actions = Annotated[tuple[Action, ...], Field(min_length=1, strict=False)]
"""Done in this order."""
_NOT_FOR_ALL = {
    "send": "the messages of a campaign are its 'messages'",
    "form": "a question is a message too: send it from a scenario that {tag: …} begins",
    "record": "to be sent something is nothing that friends did: give them a tag",
    "call": "each friend would be a call of its own: let a scenario do it that {tag: …} begins",
}


def _for_all(value: Any) -> Any:
    if isinstance(value, dict):
        for key, why in _NOT_FOR_ALL.items():
            if key in value:
                raise ValueError(f"'{key}' is nothing that a campaign does: {why}")
    return value


ForAll = Annotated[
    tuple[
        Annotated[
            Annotated[TagAction, Tag("<tag>")]
            | Annotated[UntagAction, Tag("<untag>")]
            | Annotated[SetAction, Tag("<set>")]
            | Annotated[MenuAction, Tag("<menu>")]
            | Annotated[StartAction, Tag("<start>")]
            | Annotated[StopAction, Tag("<stop>")],
            Discriminator(_action_named),
            BeforeValidator(_for_all),
        ],
        ...,
    ],
    Field(min_length=1, strict=False),
]
"""What makes sense for everybody who was sent something, done in this order."""
