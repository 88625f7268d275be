"""Colours of the page, light and dark: text reads at 4.5 to 1 (WCAG 2.1, AA) on whatever it stands on."""

import re
from importlib.resources import files

import numpy as np
import pytest

_STYLE = (files("mtl_search.report") / "templates" / "report.css").read_text(encoding="utf-8")
SCHEMES = {
    name: dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", block))
    for name, block in zip(("light", "dark"), re.findall(r":root \{(.*?)\}", _STYLE, re.DOTALL), strict=True)
}
MARKS = ("search", "single", "equal", "tuned", "trees", "served", "ink", "muted",
         *(f"s{n}" for n in range(1, 9)), *(f"band{n}" for n in range(1, 6)))  # fmt: skip
PAIRS = [
    *((text, paper) for text in ("ink", "muted", "search") for paper in ("paper", "card")),
    *((f"{kind}-ink", f"{kind}-paper") for kind in ("good", "bad", "mild")),
    *((mark, "card") for mark in MARKS),
    ("ink", "code"),
]


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=float)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """The contrast of two colours as WCAG defines it."""

    def luminance(colour: np.ndarray) -> float:
        share = colour / 255
        linear = np.where(share <= 0.03928, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_it_is_that_of_black_on_white() -> None:
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21.0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_and_marks_stand_out(scheme: str) -> None:
    colours = SCHEMES[scheme]
    found = {pair: contrast(*(rgb(colours[f"--{name}"]) for name in pair)) for pair in PAIRS}
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("end", ["good", "bad", "heat"])
def test_numbers_are_read_on_every_cell_of_a_heat_map(scheme: str, end: str) -> None:
    ink, paper, full = (rgb(SCHEMES[scheme][f"--{name}"]) for name in ("ink", "card", end))
    assert min(contrast(ink, paper + (full - paper) * share) for share in np.linspace(0, 1, 21)) >= 4.5
