"""Where everything stands in a drawn rich menu: cards, icons, labels. Measured, not drawn, so it needs no picture
library.

A card is a tap area less the gaps around it. Cards of like size share the size of their letters and the height of their
icons, as a designer would have it, unless one long label would make all the others small.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineform.display.typesetting import Measure, Setting, line_width, set_label
from lineform.errors import LineformError

_ALIKE = 0.1  # cards whose sides differ by less than this are of like size
_SMALLER = 0.78  # a long label makes the others this much smaller at most


class DrawingError(LineformError):
    """The layout asks for something that cannot be drawn."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """One tap area as it should look. Pixels of the image; `icon` by name, `colour` as `#RRGGBB`, both optional."""

    x: int
    y: int
    width: int
    height: int
    label: str
    icon: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class MenuDrawing:
    """A rich menu's image before it is drawn. `theme` is a name in `themes.THEMES`."""

    width: int
    height: int
    cells: tuple[DrawnCell, ...]
    theme: str = "leaf"


@dataclass(frozen=True, slots=True)
class Card:
    """The visible part of a cell, and the room that its label has in it."""

    cell: DrawnCell
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top

    @property
    def margin(self) -> int:
        """What stays free inside each edge."""
        return round(min(self.width, self.height) * 0.1)

    @property
    def form(self) -> str:
        """How icon and label share the card."""
        if not self.cell.label.strip():
            return "icon" if self.cell.icon else "empty"
        if not self.cell.icon:
            return "label"
        return "beside" if self.width > 1.9 * self.height else "above"

    @property
    def icon_size(self) -> int:
        """The side of the icon's square."""
        match self.form:
            case "icon" | "beside":
                return round(min(self.width, self.height) * 0.5)
            case "above":
                return round(min(self.height * 0.4, self.width * 0.46))
            case _:
                return 0

    @property
    def between(self) -> int:
        """The space between icon and label."""
        return round(self.height * {"above": 0.06, "beside": 0.16}.get(self.form, 0))

    @property
    def room(self) -> tuple[int, int]:
        """Width and height that the label may fill."""
        width, height = self.width - 2 * self.margin, self.height - 2 * self.margin
        taken = self.icon_size + self.between
        return (width - taken if self.form == "beside" else width), (height - taken if self.form == "above" else height)


@dataclass(frozen=True, slots=True)
class CardPlan:
    """A card with its icon's upper left corner and its label: the middle of the first line, and how it is set."""

    card: Card
    icon_at: tuple[int, int]
    setting: Setting | None = None
    label_at: tuple[float, float] = (0.0, 0.0)


def plan_cards(layout: MenuDrawing, measure: Measure) -> tuple[CardPlan, ...]:
    """Place every card, icon and label. Raises `DrawingError` for a cell outside the image and for a label that
    cannot be set in its cell in letters large enough to read.
    """
    cards = [_card(cell, layout) for cell in layout.cells]
    planned: dict[int, CardPlan] = {}
    for group in _alike(cards):
        planned |= _plan_group([(index, cards[index]) for index in group], layout, measure)
    return tuple(planned[index] for index in range(len(cards)))


def _card(cell: DrawnCell, layout: MenuDrawing) -> Card:
    inside = (
        cell.x >= 0 and cell.y >= 0 and cell.x + cell.width <= layout.width and cell.y + cell.height <= layout.height
    )
    if not inside:
        raise DrawingError(
            f"The cell {cell.label!r} does not lie inside the image.", hint="Its x, y, width and height are pixels."
        )
    gap = max(2, round(layout.width * 0.0064))
    card = Card(
        cell,
        cell.x + (gap if cell.x else 2 * gap),
        cell.y + (gap if cell.y else 2 * gap),
        cell.x + cell.width - (gap if cell.x + cell.width < layout.width else 2 * gap),
        cell.y + cell.height - (gap if cell.y + cell.height < layout.height else 2 * gap),
    )
    if card.width < 8 or card.height < 8:
        raise DrawingError(f"The cell {cell.label!r} is too small to draw a card in.", hint="Make it larger.")
    return card


def _alike(cards: list[Card]) -> list[list[int]]:
    """The cards' numbers, in groups of like size and form."""
    groups: list[list[int]] = []
    for index, card in enumerate(cards):
        for group in groups:
            first = cards[group[0]]
            near = abs(card.width / first.width - 1) < _ALIKE and abs(card.height / first.height - 1) < _ALIKE
            if near and card.form == first.form:
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


def _plan_group(group: list[tuple[int, Card]], layout: MenuDrawing, measure: Measure) -> dict[int, CardPlan]:
    first = group[0][1]
    most = 0.06 if first.form == "beside" else 0.05
    largest = max(12, round(min(layout.width * most, first.height * 0.26)))
    if first.form in ("icon", "empty"):
        return {index: CardPlan(card, _middle(card)) for index, card in group}
    sizes = [_set(card, layout, largest, measure).size for _, card in group]
    shared = max(min(sizes), round(max(sizes) * _SMALLER))
    settings = [_set(card, layout, shared, measure) for _, card in group]
    tallest = max(map(setting_height, settings))
    return {
        index: _placed(card, setting, tallest, measure) for (index, card), setting in zip(group, settings, strict=True)
    }


def _set(card: Card, layout: MenuDrawing, largest: int, measure: Measure) -> Setting:
    cell = card.cell
    smallest = max(10, round(layout.width * 0.014))  # about 5.5 points on a phone: less cannot be read
    setting = set_label(cell.label, *card.room, largest=largest, smallest=smallest, measure=measure)
    if setting is None:
        raise DrawingError(
            f"The label {cell.label!r} is too long for its cell of {cell.width} x {cell.height} pixels.",
            hint="Shorten it, give the cell more room, or bring an image of your own.",
        )
    return setting


def setting_height(setting: Setting) -> int:
    """From the top of the first line's letters to the bottom of the last line's."""
    return setting.size + setting.line_height * (len(setting.lines) - 1)


def _middle(card: Card) -> tuple[int, int]:
    return card.left + (card.width - card.icon_size) // 2, card.top + (card.height - card.icon_size) // 2


def _placed(card: Card, setting: Setting, tallest: int, measure: Measure) -> CardPlan:
    half = setting.size / 2
    centre = (card.left + card.right) / 2
    own_top = (card.top + card.bottom - setting_height(setting)) / 2
    if card.form == "above":
        icon_top = card.top + (card.height - card.icon_size - card.between - tallest) // 2
        label_top = icon_top + card.icon_size + card.between
        return CardPlan(card, (_middle(card)[0], icon_top), setting, (centre, label_top + half))
    if card.form == "beside":
        words = max(line_width(line, setting.size, measure) for line in setting.lines)
        left = round(centre - (card.icon_size + card.between + words) / 2)
        at = left + card.icon_size + card.between + words / 2
        return CardPlan(card, (left, _middle(card)[1]), setting, (at, own_top + half))
    return CardPlan(card, _middle(card), setting, (centre, own_top + half))
