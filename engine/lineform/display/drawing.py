"""A rich menu's image drawn from its layout, so that a newcomer needs no designer.

Flat rounded cards on a coloured ground, an icon and a label on each. Labels are measured with the very font that
draws them and refused where they cannot be read; the same layout gives the same bytes with the same Pillow. LINE
takes JPEG or PNG up to 1 MB (https://developers.line.biz/en/reference/messaging-api/#upload-rich-menu-image).
"""

from __future__ import annotations

import io
from difflib import get_close_matches
from functools import lru_cache

from noto_cjk_sans_jp_regular import FONT_PATH
from PIL import Image, ImageDraw, ImageFont

from lineform.display import css
from lineform.display.cards import CardPlan, DrawingError, DrawnCell, MenuDrawing, plan_cards
from lineform.display.icons import ICONS, Disc, Part, Shape, Slab, Stroke
from lineform.display.themes import THEMES, Theme, readable, rgb

__all__ = ["ICONS", "THEMES", "DrawingError", "DrawnCell", "MenuDrawing", "draw_menu", "plan_menu", "undrawable"]

_LARGEST_SIDE = 4096
_MOST_BYTES = 1_000_000
_FINER = 4  # icons and corners are drawn this many times larger and scaled down, which smooths their edges


def draw_menu(layout: MenuDrawing) -> bytes:
    """Draw the menu as a PNG of at most 1 MB. Raises `DrawingError` for what cannot be drawn: a cell outside the
    image, an unknown icon or theme, a letter that the font lacks, a label that is too long for its cell.
    """
    theme = _checked(layout)
    image = Image.new("RGB", (layout.width, layout.height), rgb(theme.ground))
    for index, plan in enumerate(plan_menu(layout)):
        colour = css.colour(plan.card.cell.colour) or theme.cards[index % len(theme.cards)]
        _draw_card(image, plan, colour, theme)
    return _png(image)


def plan_menu(layout: MenuDrawing) -> tuple[CardPlan, ...]:
    """Where every card, icon and label will stand, without drawing. Raises `DrawingError` as `draw_menu` does."""
    _checked(layout)
    return plan_cards(layout, _width)


def undrawable(words: str) -> str:
    """The letters that the font has no form for, such as emoji, each once; empty if all can be drawn."""
    return "".join(dict.fromkeys(letter for letter in words if not letter.isspace() and not _has_form(letter)))


def _checked(layout: MenuDrawing) -> Theme:
    if not (0 < layout.width <= _LARGEST_SIDE and 0 < layout.height <= _LARGEST_SIDE):
        raise DrawingError(
            f"A menu of {layout.width} x {layout.height} pixels cannot be drawn.", hint="LINE's largest is 2500 wide."
        )
    for cell in layout.cells:
        _check_cell(cell)
    if layout.theme not in THEMES:
        raise DrawingError(f"There is no theme {layout.theme!r}.", hint=_suggestion(layout.theme, list(THEMES)))
    return THEMES[layout.theme]


def _check_cell(cell: DrawnCell) -> None:
    if cell.icon and cell.icon not in ICONS:
        raise DrawingError(f"There is no icon {cell.icon!r}.", hint=_suggestion(cell.icon, list(ICONS)))
    if cell.colour and not css.colour(cell.colour):
        raise DrawingError(
            f"The colour {cell.colour!r} of the cell {cell.label!r} is none.", hint="Write it as #RRGGBB."
        )
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


@lru_cache(maxsize=16384)
def _width(letter: str, size: int) -> float:
    return _font(size).getlength(letter)


def _weight(size: int) -> int:
    """How many pixels thicker the letters are drawn: the font is the regular one, a label wants a bolder."""
    return max(1, round(size / 45)) if size >= 24 else 0


def _draw_card(image: Image.Image, plan: CardPlan, colour: str, theme: Theme) -> None:
    card, setting = plan.card, plan.setting
    radius = round(min(image.width * 0.018, card.width * 0.3, card.height * 0.3))
    image.paste(rgb(colour), (card.left, card.top), _rounded((card.width, card.height), radius))
    if card.icon_size:
        accent = rgb(readable(theme.accent, colour, least=2.0))
        image.paste(accent, plan.icon_at, _icon(card.cell.icon, card.icon_size))
    if setting is None:
        return
    pen = ImageDraw.Draw(image)
    ink, weight = rgb(readable(theme.ink, colour, least=4.5)), _weight(setting.size) / 2
    for number, line in enumerate(setting.lines):
        at = (plan.label_at[0], plan.label_at[1] + number * setting.line_height)
        pen.text(at, line, font=_font(setting.size), fill=ink, anchor="mm", stroke_width=weight)


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
