"""What of a sweep its data can judge."""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.arm_names import LINEAR, TREES
from mtl_search.data import load_dataset
from mtl_search.search import judged_by
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import arms_of

TinySpec = Callable[..., SweepSpec]


def judged(spec: SweepSpec) -> tuple[set[str], tuple[str, ...]]:
    """The optional references that are left, and what is said of them."""
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    spec, dataset = judged_by(spec, dataset)
    notes = tuple(note for note in dataset.warnings if note.startswith("reference"))
    return {LINEAR, TREES} & {arm.name for arm in arms_of(spec)}, notes


def test_a_table_has_both_references(tiny_spec: TinySpec) -> None:
    assert judged(tiny_spec(references={"linear": True, "trees": True})) == ({LINEAR, TREES}, ())


@pytest.mark.parametrize(
    ("references", "left", "notes"),
    [
        (
            {"trees": True, "linear": True},
            {LINEAR},
            ("reference 'trees' is left out: trees cannot learn 'cost'",),
        ),
        ({"linear": False, "trees": False}, set(), ()),
    ],
)
def test_trees_that_cannot_learn_a_task_are_left_out(
    references: dict[str, Any],
    left: set[str],
    notes: tuple[str, ...],
    tiny_spec: TinySpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = tiny_spec(references=references)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    monkeypatch.setattr(type(dataset.tasks["cost"]), "boosting", None)
    assert judged(spec) == (left, notes)
