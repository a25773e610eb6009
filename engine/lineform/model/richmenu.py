"""``kind: richmenu``: the menu under the chat, its image and its tap areas.

LINE's limits: https://developers.line.biz/en/reference/messaging-api/#rich-menu-object
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lineform.model.base import Name, Part, Spec

Span = Annotated[tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]], Field(strict=False)]

NO_MENU = "none"
"""Where a menu is named, instead of its name: the friend has none of their own, and sees the account's default menu
where there is one."""
ACTION_KEYS = ("uri", "message", "postback", "switch", "clipboard", "datetime")


class Bounds(Part):
    """A tap area in pixels of the menu's image."""

    x: Annotated[int, Field(ge=0)]
    y: Annotated[int, Field(ge=0)]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]


class Cell(Part):
    """One tap area and what it does: exactly one of uri, message, postback, switch, clipboard and datetime."""

    at: Annotated[str, Field(pattern=r"^[A-F][1-6]$")] | None = None
    """The upper left cell of the grid, as in a spreadsheet: A1 is the first, B1 the one to its right."""
    span: Span = (1, 1)
    """How many columns and rows of the grid it covers."""
    bounds: Bounds | None = None
    """Instead of `at` and `span`: the area in pixels."""
    label: str = ""
    """What the drawn image says here, and what screen readers say. At most 20 characters (grapheme clusters)."""
    icon: str = ""
    """A picture for the drawn image, by name."""
    uri: str | None = None
    """Opens this address (https, http, line or tel)."""
    message: str | None = None
    """Sends this text in the friend's name."""
    postback: str | dict[str, Any] | None = None
    """Sends this data to the webhook; as a mapping, LINE's own postback action without `type`."""
    switch: Name | None = None
    """Shows another menu of this client, by its name."""
    clipboard: str | None = None
    """Copies this text."""
    datetime: dict[str, Any] | None = None
    """LINE's own datetimepicker action, without `type`."""

    @model_validator(mode="after")
    def _one_place_one_action(self) -> Cell:
        if (self.at is None) == (self.bounds is None):
            raise ValueError("needs exactly one of at and bounds")
        if len([k for k in ACTION_KEYS if getattr(self, k) is not None]) != 1:
            raise ValueError("needs exactly one action: " + ", ".join(ACTION_KEYS))
        return self


class RichMenuSpec(Spec):
    """One rich menu. Its name is its alias, so that other menus can switch to it."""

    kind: Literal["richmenu"]
    bar: str
    """The text of the bar that opens the menu. At most 14 characters (grapheme clusters)."""
    size: Literal["large", "compact"] | Annotated[tuple[int, int], Field(strict=False)] = "large"
    """large is 2500 x 1686 pixels, compact 2500 x 843; or a width and a height."""
    grid: Span = (3, 2)
    """Columns and rows of the grid that `at` counts in."""
    image: str | None = None
    """A PNG or JPEG beside this file; without it, one is drawn from the cells."""
    theme: str = "leaf"
    """The colours of a drawn image."""
    cells: Annotated[tuple[Cell, ...], Field(min_length=1, max_length=20, strict=False)]
    open: bool = True
    """Whether the menu is open when the chat is opened."""
    default: bool = False
    """Whether friends without a menu of their own see this one. At most one menu of a client."""
    protect: bool = False
    """A protected menu is never deleted, not even when its file is removed."""

    @field_validator("name")
    @classmethod
    def _not_none(cls, value: str) -> str:
        if value == NO_MENU:
            raise ValueError("is the word for no menu: call this one otherwise")
        return value
