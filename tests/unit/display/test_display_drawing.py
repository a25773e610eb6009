"""Rich menu images drawn from their layout."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from noto_cjk_sans_jp_regular import FONT_PATH
from PIL import Image, ImageChops, ImageFont

from lineform.display.drawing import DrawingError, DrawnCell, MenuDrawing, draw_menu, plan_menu, undrawable
from lineform.display.icons import ICONS
from lineform.display.images import ImageFacts, check_image
from lineform.display.themes import THEMES, contrast, readable

LABELS = ("ご予約", "クーポン", "アクセス・地図", "スタイリスト紹介", "お問い合わせ・ご相談はこちら", "お誕生日特典")
ICON_NAMES = ("calendar", "coupon", "map", "scissors", "chat", "gift")


def menu(
    *labels: str,
    width: int = 2500,
    height: int = 1686,
    columns: int = 3,
    icons: tuple[str, ...] = (),
    theme: str = "leaf",
) -> MenuDrawing:
    """A grid of cells of like size."""
    rows = -(-len(labels) // columns)
    across, down = width // columns, height // rows
    cells = tuple(
        DrawnCell(index % columns * across, index // columns * down, across, down, label, icons[index] if icons else "")
        for index, label in enumerate(labels)
    )
    return MenuDrawing(width, height, cells, theme)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_a_large_menu_is_a_png_of_its_size_within_lines_limit(theme: str) -> None:
    facts = check_image(draw_menu(menu(*LABELS, icons=ICON_NAMES, theme=theme)))
    assert facts == ImageFacts("png", 2500, 1686, facts.size)
    assert facts.size <= 1_000_000


def test_the_fullest_menu_stays_within_lines_limit() -> None:
    labels = ("鬱蒼驚愕讃美歌聲麗饗宴響鑑識覇權轟躍鷹",) * 20
    assert len(draw_menu(menu(*labels, columns=5))) <= 1_000_000


def test_the_same_layout_gives_the_same_bytes() -> None:
    layout = menu(*LABELS, icons=ICON_NAMES, width=1200, height=810)
    assert draw_menu(layout) == draw_menu(layout)


def test_the_same_layout_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib, sys; from lineform.display.drawing import *;"
        "cell = DrawnCell(0, 0, 800, 540, 'ご予約', 'star');"
        "print(hashlib.sha256(draw_menu(MenuDrawing(800, 540, (cell,)))).hexdigest())"
    )
    told = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(told) == 1


@pytest.mark.parametrize("width", [800, 1200, 2500])
@pytest.mark.parametrize("columns", [2, 3, 6])
def test_every_label_stays_inside_its_card(width: int, columns: int) -> None:
    layout = menu(*LABELS, columns=columns, width=width, height=round(width / 1.483), icons=ICON_NAMES)
    for plan in plan_menu(layout):
        assert plan.setting is not None
        font = ImageFont.truetype(str(FONT_PATH), plan.setting.size, layout_engine=ImageFont.Layout.BASIC)
        for number, line in enumerate(plan.setting.lines):
            left, top, right, bottom = font.getbbox(line, anchor="mm", stroke_width=plan.setting.size / 90)
            x, y = plan.label_at[0], plan.label_at[1] + number * plan.setting.line_height
            assert plan.card.left <= x + left < x + right <= plan.card.right
            assert plan.card.top <= y + top < y + bottom <= plan.card.bottom


def test_every_card_stays_inside_its_cell_and_no_two_touch() -> None:
    plans = plan_menu(menu(*LABELS))
    for plan in plans:
        cell = plan.card.cell
        assert cell.x < plan.card.left < plan.card.right < cell.x + cell.width
        assert cell.y < plan.card.top < plan.card.bottom < cell.y + cell.height


@pytest.mark.parametrize("label", LABELS)
def test_a_label_leaves_ink_on_its_card(label: str) -> None:
    with_label, without = (opened(draw_menu(menu(words, width=800, height=540, columns=1))) for words in (label, " "))
    changed = ImageChops.difference(with_label, without).getbbox()
    assert changed is not None
    left, top, right, bottom = changed
    assert left > 20
    assert top > 20
    assert right < 780
    assert bottom < 520


def test_another_label_is_another_picture() -> None:
    one, other = (draw_menu(menu(words, width=800, height=540, columns=1)) for words in ("予約", "地図"))
    assert ImageChops.difference(opened(one), opened(other)).getbbox() is not None


@pytest.mark.parametrize("icon", sorted(ICONS))
def test_every_icon_leaves_ink_inside_its_card(icon: str) -> None:
    layout = MenuDrawing(800, 540, (DrawnCell(0, 0, 800, 540, "", icon),))
    blank = MenuDrawing(800, 540, (DrawnCell(0, 0, 800, 540, ""),))
    changed = ImageChops.difference(opened(draw_menu(layout)), opened(draw_menu(blank))).getbbox()
    (plan,) = plan_menu(layout)
    assert changed is not None
    left, top = plan.icon_at
    side = plan.card.icon_size
    assert left <= changed[0] < changed[2] <= left + side
    assert top <= changed[1] < changed[3] <= top + side
    assert changed[2] - changed[0] > side / 3


def test_cards_of_like_size_have_letters_of_like_size_and_icons_in_a_row() -> None:
    plans = plan_menu(menu(*LABELS, icons=ICON_NAMES))
    sizes = [plan.setting.size for plan in plans if plan.setting]
    assert min(sizes) / max(sizes) > 0.7
    assert len({plan.icon_at[1] for plan in plans[:3]}) == 1


def test_the_font_has_every_letter_of_everyday_labels() -> None:
    assert undrawable("予約クーポンお問い合わせ・ー「」!?①㈱♪★→ABCabc0123-:/&%¥円々髙﨑ヴｱｲｳ\n ") == ""


def test_letters_that_the_font_lacks_are_named_once() -> None:
    assert undrawable("予約🎂と🎂と🐟") == "🎂🐟"


@pytest.mark.parametrize(
    ("cell", "told", "hint"),
    [
        (DrawnCell(0, 0, 800, 540, "🎂予約"), "'🎂'", "emoji cannot be drawn"),
        (DrawnCell(0, 0, 801, 540, "予約"), "does not lie inside", "pixels"),
        (DrawnCell(-1, 0, 80, 540, "予約"), "does not lie inside", "pixels"),
        (DrawnCell(0, 0, 9, 9, "予約"), "too small", "larger"),
        (DrawnCell(0, 0, 120, 60, "年末年始の営業時間のお知らせはこちらから"), "too long for its cell", "Shorten"),
        (DrawnCell(0, 0, 800, 540, "予約", icon="calender"), "'calender'", "Did you mean 'calendar'?"),
        (DrawnCell(0, 0, 800, 540, "予約", colour="red"), "'red'", "#RRGGBB"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_reason(cell: DrawnCell, told: str, hint: str) -> None:
    with pytest.raises(DrawingError, match=told) as refused:
        draw_menu(MenuDrawing(800, 540, (cell,)))
    assert hint in refused.value.hint


def test_an_unknown_theme_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(DrawingError, match="'leef'") as refused:
        draw_menu(menu("予約", theme="leef"))
    assert "Did you mean 'leaf'?" in refused.value.hint


@pytest.mark.parametrize("size", [(0, 540), (800, 5000)])
def test_a_size_beyond_reason_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DrawingError, match="cannot be drawn"):
        draw_menu(MenuDrawing(*size, ()))


def test_a_cells_own_colour_is_its_card_and_the_words_stay_readable() -> None:
    image = opened(draw_menu(MenuDrawing(800, 540, (DrawnCell(0, 0, 800, 540, "予約", colour="#102030"),))))
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert (16, 32, 48) in colours
    assert (255, 255, 255) in colours


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_words_and_icons_stand_out_in_every_theme(theme: str) -> None:
    palette = THEMES[theme]
    for card in palette.cards:
        assert contrast(palette.ink, card) >= 7
        assert readable(palette.accent, card, least=2.0) == palette.accent
