"""The palettes that a menu can be drawn with, and the rule that keeps its words readable on any of them."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """A ground, the cards' colours in the order in which cells take them, and the colours of words and icons."""

    ground: str
    cards: tuple[str, ...]
    ink: str
    accent: str


THEMES: dict[str, Theme] = {
    "leaf": Theme("#dff0e4", ("#ffffff",), "#1f3d2b", "#06a94d"),
    "sakura": Theme("#fbe4ea", ("#ffffff", "#fff6f8"), "#5b2336", "#e0557f"),
    "sky": Theme("#d9ebf7", ("#ffffff", "#f3f9fd"), "#123a56", "#1479bd"),
    "sea": Theme("#d3ebe9", ("#ffffff", "#f2faf9"), "#123f42", "#0d8186"),
    "sunset": Theme("#ffe6d1", ("#fffaf5", "#fff1e4"), "#57290f", "#e8762c"),
    "paper": Theme("#e9e4da", ("#fbf8f2",), "#3a342a", "#8a6d3b"),
    "night": Theme("#10161f", ("#1d2733", "#222f3d"), "#eef3f8", "#ffc857"),
    "candy": Theme("#fdf3ff", ("#ffd9e8", "#d9f0ff", "#fff0c2", "#dcf7e3", "#e8defc", "#ffe3d1"), "#3a2a4d", "#7a4fd0"),
    "mono": Theme("#e6e8ea", ("#ffffff",), "#15181b", "#15181b"),
}


def rgb(colour: str) -> Colour:
    """`#RRGGBB` as three numbers; the alpha of `#RRGGBBAA` is left out."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(one: str, other: str) -> float:
    """How far apart two colours are for the eye, 1 to 21 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in rgb(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(wanted: str, ground: str, *, least: float) -> str:
    """The wanted colour if it stands out from the ground by `least`, else white or near-black, whichever stands out
    more.
    """
    if contrast(wanted, ground) >= least:
        return wanted
    return max(("#ffffff", "#15181b"), key=lambda colour: contrast(colour, ground))
