"""The kind of a task, and how it is judged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mtl_search.drafting import DraftData, Look

Drafts = Callable[..., DraftData]
N = 400
random = np.random.default_rng(2)
NORMAL = random.normal(size=N)
FAR = np.where(np.arange(N) % 50 == 0, 100.0 * np.sign(NORMAL), NORMAL)
UNEVEN = random.choice(["i", "ii", "iii"], N, p=[0.85, 0.1, 0.05])
LISTS = [["a"] * bool(i % 2) + ["b"] * bool(i % 3) for i in range(N)]


def rare(values: Any, share: float) -> Any:
    return np.where(random.random(N) < share, *values)


@pytest.mark.parametrize(
    ("values", "value"),
    [
        (random.random(N) < 0.4, "binary"),
        (rare((1, 0), 0.4), "binary"),
        (rare((1.0, 0.0), 0.4), "binary"),
        (rare(("yes", "no"), 0.6), {"kind": "binary", "positive": "yes"}),
        (rare(("sick", "well"), 0.3), {"kind": "binary", "positive": "sick"}),
        (rare((1, 0), 0.07), {"kind": "binary", "metric": "average_precision"}),
        (random.choice(["i", "ii", "iii"], N), "multiclass"),
        (
            random.choice(["i", "ii", "iii"], N, p=[0.85, 0.1, 0.05]),
            {"kind": "multiclass", "metric": "balanced_accuracy"},
        ),
        (random.integers(0, 3, N), "multiclass"),
        (random.integers(1, 6, N), "multiclass"),
        (random.integers(20, 90, N), "regression"),
        (random.choice([2, 4, 8], N), "regression"),
        (NORMAL, "regression"),
        (np.exp(2 * NORMAL), {"kind": "regression", "metric": "mae", "transform": "log1p"}),
        (FAR, {"kind": "regression", "loss": "huber"}),
        (LISTS, "multilabel"),
    ],
)
def test_kinds(draft: Drafts, values: Any, value: Any) -> None:
    data = draft(("target",), target=values)
    assert data.tasks[0].value == value
    assert data.tasks[0].reason


def test_a_name_that_no_task_may_have_is_the_column(draft: Drafts) -> None:
    data = draft(
        ("IC50 (nM)", "IC50/nM"), **{"IC50 (nM)": NORMAL, "IC50/nM": -NORMAL + random.normal(size=N)}
    )
    assert [(task.name, task.column) for task in data.tasks] == [
        ("IC50_nM", "IC50 (nM)"),
        ("IC50_nM_", "IC50/nM"),
    ]


def test_likely_targets(look: Callable[..., Look]) -> None:
    assert look(id=np.arange(N), churned=NORMAL > 0, totalCost=NORMAL).likely == (
        "cost",
        "churned",
        "totalCost",
    )
