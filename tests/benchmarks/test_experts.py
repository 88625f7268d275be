import pandas as pd

from benchmarks.experts import HEAD, designs_of, table

SUMMARY = pd.DataFrame(
    [
        ("s", ["single_task"], False, 0.0, 90_000, 0.0, -0.1, 0.1),
        ("m", ["mmoe", "pooled"], True, 0.6, 96_867, 0.5, 0.2, 0.8),
        ("n", ["mmoe"], False, 0.4, 80_000, 0.7, 0.2, 1.2),
    ],
    columns=[
        "design_id",
        "arms",
        "chosen",
        "delta_m_valid",
        "n_params",
        "delta_m",
        "delta_m_low",
        "delta_m_high",
    ],
)
TASKS = pd.DataFrame(
    [
        (design, task, 0.9 + number / 100, 0.001)
        for number, design in enumerate("smn")
        for task in ("income", "college", "never_married")
    ],
    columns=["design_id", "task", "value", "value_sd"],
)


def test_an_arm_is_known_by_its_design_that_was_best_on_valid() -> None:
    assert {arm: design["design_id"] for arm, design in designs_of(SUMMARY).items()} == {
        "single_task": "s",
        "mmoe": "m",
        "pooled": "m",
    }


def test_what_was_measured_stands_beside_what_is_published() -> None:
    rows = {row.split("|")[1].strip(): row for row in table(SUMMARY, TASKS).splitlines()[2:]}
    assert rows["experts, a gate a task (MMoE)"] == (
        "| experts, a gate a task (MMoE) | 0.9100 ± 0.0010 | 0.9359 | 0.9100 ± 0.0010 | 0.8826 "
        "| 0.9100 ± 0.0010 | 0.9927 / 0.9924 | 96,867 | **+0.50** [+0.20, +0.80] |"
    )
    assert rows["L2-constrained"] == "| L2-constrained | | 0.9359 | | 0.8823 | | 0.9918 / 0.9918 | | |"
    assert "tree" not in rows
    assert {row.count("|") for row in (*HEAD.splitlines(), *rows.values())} == {10}
