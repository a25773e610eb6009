"""A rich menu's image drawn from its layout, so that a newcomer needs no designer.

Flat rounded cards on a coloured ground, an icon and a label on each. Labels are measured with the very font that draws them
and refused where they cannot be read; the same layout gives the same bytes with the same Pillow.
LINE takes JPEG or PNG up to 1 MB (https://developers.line.biz/en/reference/messaging-api/#upload-rich-menu-image).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from noto_cjk_sans_jp_regular import FONT_PATH
from PIL import Image, ImageDraw, ImageFont

from lineform.display import css
from lineform.display.icons import ICONS, Disc, Part, Shape, Slab, Stroke
from lineform.display.themes import THEMES, Theme, readable, rgb
from lineform.display.typesetting import Setting, set_label
from lineform.errors import LineformError

_LARGEST_SIDE = 4096
_MOST_BYTES = 1_000_000
_FINER = 4  # icons and corners are drawn this many times larger and scaled down, which smooths their edges


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
    """A rich menu's image before it is drawn. `theme` is one of `THEMES`."""

    width: int
    height: int
    cells: tuple[DrawnCell, ...]
    theme: str = "leaf"


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """Where a label will stand: the middle of its first line's letters, and how it is set."""

    centre_x: float
    first_y: float
    setting: Setting


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One card, measured: its rectangle, its icon's square (none if 0 wide) and its label (none if it has no words)."""

    left: int
    top: int
    right: int
    bottom: int
    icon_left: int
    icon_top: int
    icon_size: int
    label: PlacedLabel | None


def draw_menu(layout: MenuDrawing) -> bytes:
    """Draw the menu as a PNG of at most 1 MB. Raises `DrawingError` for what cannot be drawn: a cell outside the image, an
    unknown icon or theme, a letter that the font lacks, a label that is too long for its cell."""
    theme = _checked(layout)
    image = Image.new("RGB", (layout.width, layout.height), rgb(theme.ground))
    for index, (cell, plan) in enumerate(zip(layout.cells, plan_menu(layout), strict=True)):
        card = css.colour(cell.colour) or theme.cards[index % len(theme.cards)]
        _draw_cell(image, cell, plan, card, theme)
    return _png(image)


def plan_menu(layout: MenuDrawing) -> tuple[CellPlan, ...]:
    """Where every card, icon and label will stand, without drawing. Raises `DrawingError` as `draw_menu` does."""
    _checked(layout)
    return tuple(_plan_cell(cell, layout) for cell in layout.cells)


def undrawable(words: str) -> str:
    """The letters that the font has no form for, such as emoji, each once; empty if all can be drawn."""
    return "".join(dict.fromkeys(letter for letter in words if not letter.isspace() and not _has_form(letter)))


def _checked(layout: MenuDrawing) -> Theme:
    if not (0 < layout.width <= _LARGEST_SIDE and 0 < layout.height <= _LARGEST_SIDE):
        raise DrawingError(f"A menu of {layout.width} x {layout.height} pixels cannot be drawn.", hint="LINE's largest is 2500 wide.")
    for cell in layout.cells:
        _check_cell(cell, layout)
    if layout.theme not in THEMES:
        raise DrawingError(f"There is no theme {layout.theme!r}.", hint=_suggestion(layout.theme, list(THEMES)))
    return THEMES[layout.theme]


def _check_cell(cell: DrawnCell, layout: MenuDrawing) -> None:
    inside = cell.x >= 0 and cell.y >= 0 and cell.x + cell.width <= layout.width and cell.y + cell.height <= layout.height
    if not inside or cell.width < 1 or cell.height < 1:
        raise DrawingError(f"The cell {cell.label!r} does not lie inside the image.", hint="Its x, y, width and height are pixels.")
    if cell.icon and cell.icon not in ICONS:
        raise DrawingError(f"There is no icon {cell.icon!r}.", hint=_suggestion(cell.icon, list(ICONS)))
    if cell.colour and not css.colour(cell.colour):
        raise DrawingError(f"The colour {cell.colour!r} of the cell {cell.label!r} is none.", hint="Write it as #RRGGBB.")
    missing = undrawable(cell.label)
    if missing:
        raise DrawingError(
            f"The font has no form for {missing!r} in the label {cell.label!r}.",
            hint="Take the letters out (emoji cannot be drawn), use an icon, or bring an image of your own.",
        )


def _suggestion(wrong: str, known: list[str]) -> str:
    close = get_close_matches(wrong, known, n=1)
    return (f"Did you mean {close[0]!r}? " if close else "") + f"Known: {', '.join(sorted(known))}."


@lru_cache(maxsize=256)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The basic layout is the same on every machine; the complex one depends on a library that may be missing.
    return ImageFont.truetype(str(FONT_PATH), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _has_form(letter: str) -> bool:
    font = _font(32)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\U0010ffff"))


def _width(words: str, size: int) -> float:
    return _font(size).getlength(words) + 2 * _weight(size)


def _weight(size: int) -> int:
    """How many pixels thicker the letters are drawn: the font is the regular one, a label wants a bolder."""
    return max(1, round(size / 45)) if size >= 24 else 0


def _plan_cell(cell: DrawnCell, layout: MenuDrawing) -> CellPlan:
    gap = max(2, round(layout.width * 0.0064))
    left = cell.x + (2 * gap if cell.x == 0 else gap)
    top = cell.y + (2 * gap if cell.y == 0 else gap)
    right = cell.x + cell.width - (2 * gap if cell.x + cell.width == layout.width else gap)
    bottom = cell.y + cell.height - (2 * gap if cell.y + cell.height == layout.height else gap)
    width, height = right - left, bottom - top
    if width < 8 or height < 8:
        raise DrawingError(f"The cell {cell.label!r} is too small to draw a card in.", hint="Make it larger.")
    margin = round(min(width, height) * 0.1)
    if not cell.label.strip():
        side = round(min(width, height) * 0.5) if cell.icon else 0
        return CellPlan(left, top, right, bottom, left + (width - side) // 2, top + (height - side) // 2, side, None)
    if not cell.icon:
        label = _place(cell, layout, left + margin, top + margin, width - 2 * margin, height - 2 * margin)
        return CellPlan(left, top, right, bottom, 0, 0, 0, _centred(label, top, bottom))
    if width > 1.9 * height:
        return _beside(cell, layout, (left, top, right, bottom), margin)
    return _above(cell, layout, (left, top, right, bottom), margin)


def _above(cell: DrawnCell, layout: MenuDrawing, card: tuple[int, int, int, int], margin: int) -> CellPlan:
    """The icon over its label, both together in the middle of the card."""
    left, top, right, bottom = card
    width, height = right - left, bottom - top
    side = round(min(height * 0.4, width * 0.46))
    between = round(height * 0.06)
    label = _place(cell, layout, left + margin, 0, width - 2 * margin, height - 2 * margin - side - between)
    whole = side + between + _height(label.setting)
    icon_top = top + (height - whole) // 2
    placed = PlacedLabel(label.centre_x, icon_top + side + between + label.setting.size / 2, label.setting)
    return CellPlan(left, top, right, bottom, left + (width - side) // 2, icon_top, side, placed)


def _beside(cell: DrawnCell, layout: MenuDrawing, card: tuple[int, int, int, int], margin: int) -> CellPlan:
    """The icon before its label on a wide card, both together in the middle."""
    left, top, right, bottom = card
    width, height = right - left, bottom - top
    side = round(height * 0.5)
    between = round(height * 0.16)
    label = _place(cell, layout, 0, 0, width - 2 * margin - side - between, height - 2 * margin)
    words = max(_width(line, label.setting.size) for line in label.setting.lines)
    icon_left = round(left + (width - side - between - words) / 2)
    middle = PlacedLabel(icon_left + side + between + words / 2, 0, label.setting)
    return CellPlan(left, top, right, bottom, icon_left, top + (height - side) // 2, side, _centred(middle, top, bottom))


def _place(cell: DrawnCell, layout: MenuDrawing, left: float, top: float, width: float, height: float) -> PlacedLabel:
    largest = max(12, round(min(layout.width * 0.05, cell.height * 0.26)))
    smallest = max(10, round(layout.width * 0.014))  # about 5.5 points on a phone: less cannot be read
    setting = set_label(cell.label, width, height, largest=largest, smallest=smallest, measure=_width)
    if setting is None:
        raise DrawingError(
            f"The label {cell.label!r} is too long for its cell of {cell.width} x {cell.height} pixels.",
            hint="Shorten it, give the cell more room, or bring an image of your own.",
        )
    return PlacedLabel(left + width / 2, top + setting.size / 2, setting)


def _height(setting: Setting) -> int:
    return setting.size + setting.line_height * (len(setting.lines) - 1)


def _centred(label: PlacedLabel, top: int, bottom: int) -> PlacedLabel:
    first = (top + bottom - _height(label.setting)) / 2 + label.setting.size / 2
    return PlacedLabel(label.centre_x, first, label.setting)


def _draw_cell(image: Image.Image, cell: DrawnCell, plan: CellPlan, card: str, theme: Theme) -> None:
    size = (plan.right - plan.left, plan.bottom - plan.top)
    radius = round(min(image.width * 0.018, *(side * 0.3 for side in size)))
    image.paste(rgb(card), (plan.left, plan.top), _rounded(size, radius))
    if plan.icon_size:
        accent = rgb(readable(theme.accent, card, least=2.0))
        image.paste(accent, (plan.icon_left, plan.icon_top), _icon(cell.icon, plan.icon_size))
    if plan.label is None:
        return
    setting = plan.label.setting
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(setting.lines):
        at = (plan.label.centre_x, plan.label.first_y + number * setting.line_height)
        pen.text(
            at, line, font=_font(setting.size), fill=rgb(readable(theme.ink, card, least=4.5)), anchor="mm",
            stroke_width=_weight(setting.size) / 2,
        )  # fmt: skip


@lru_cache(maxsize=64)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", size, 255)
    if radius:
        fine = Image.new("L", (2 * radius * _FINER, 2 * radius * _FINER), 0)
        ImageDraw.Draw(fine).ellipse((0, 0, fine.width - 1, fine.height - 1), fill=255)
        disc = fine.reduce(_FINER)
        for right in (0, 1):
            for low in (0, 1):
                corner = disc.crop((right * radius, low * radius, (right + 1) * radius, (low + 1) * radius))
                mask.paste(corner, (right * (size[0] - radius), low * (size[1] - radius)))
    return mask


@lru_cache(maxsize=64)
def _icon(name: str, size: int) -> Image.Image:
    fine = Image.new("L", (size * _FINER, size * _FINER), 0)
    pen = ImageDraw.Draw(fine)
    for part in ICONS[name]:
        _draw_part(pen, part, size * _FINER / 100)
    return fine.reduce(_FINER)


def _draw_part(pen: ImageDraw.ImageDraw, part: Part, scale: float) -> None:
    fill = 255 if part.ink else 0
    match part:
        case Disc(x, y, radius):
            pen.ellipse([scale * side for side in (x - radius, y - radius, x + radius, y + radius)], fill=fill)
        case Slab(x, y, right, bottom, radius):
            pen.rounded_rectangle([scale * side for side in (x, y, right, bottom)], radius * scale, fill=fill)
        case Shape(points):
            pen.polygon([(scale * x, scale * y) for x, y in points], fill=fill)
        case Stroke(points, width):
            pen.line([(scale * x, scale * y) for x, y in points], fill=fill, width=round(width * scale), joint="curve")
            for x, y in (points[0], points[-1]):
                _draw_part(pen, Disc(x, y, width / 2, part.ink), scale)


def _png(image: Image.Image) -> bytes:
    """Flat drawings are small as they are; one that is not gets fewer colours."""
    data = _saved(image)
    for colours in (256, 64, 16):
        if len(data) <= _MOST_BYTES:
            break
        data = _saved(image.quantize(colours, dither=Image.Dither.NONE))
    return data


def _saved(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
