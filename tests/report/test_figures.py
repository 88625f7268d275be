import json
import math

import numpy as np

from mtl_search.report.figures import colour, figure, palette, panel, with_alpha


def test_what_json_cannot_say_is_null_and_numbers_are_short() -> None:
    drawing = panel(
        [{"x": [math.nan, math.inf, 1 / 3, 2], "y": np.array([1.5, np.nan]), "n": np.int64(3)}], {}
    )
    (trace,) = json.loads(drawing.json)["data"]
    assert trace == {"x": [None, None, 0.33333, 2], "y": [1.5, None], "n": 3}


def test_the_height_is_in_layout_and_page() -> None:
    drawing = panel([], {"xaxis": {}}, height=123)
    assert json.loads(drawing.json)["layout"] == {"showlegend": False, "xaxis": {}, "height": 123}
    assert drawing.height == 123


def test_a_figure_keeps_its_panels_and_legend_in_order() -> None:
    found = figure(
        "k", "t", "n", panel([], {}, title="a"), panel([], {}, title="b"), legend=[("x", "red", "dot")]
    )
    assert [drawing.title for drawing in found.panels] == ["a", "b"]
    assert found.legend == (("x", "red", "dot"),)


def test_an_arm_has_one_colour_and_users_arms_differ() -> None:
    arms = ["single_task", "mine", "search", "yours"]
    tints = [colour(arm, arms) for arm in arms]
    assert len(set(tints)) == 4
    assert tints == [colour(arm, arms) for arm in arms]


def test_colours_are_variables_of_the_style_sheet() -> None:
    from importlib.resources import files

    style = (files("mtl_search.report") / "templates" / "report.css").read_text()
    arms = ["single_task", "shared_equal", "shared_tuned", "search", *(f"a{i}" for i in range(9))]
    for tint in {*(colour(arm, arms) for arm in arms), *palette("abcdefghij").values()}:
        name = tint.removeprefix("var(").removesuffix(")")
        assert style.count(f"{name}: #") == 2, name  # light and dark


def test_alpha_follows_a_slash() -> None:
    assert with_alpha("var(--x)", 0.25) == "var(--x)/0.25"
