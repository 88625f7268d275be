"""The part of a sweep that its data can judge: tasks with labels, and references that fit its inputs."""

from collections.abc import Iterator
from dataclasses import replace

from mtl_search.data import Dataset
from mtl_search.data.notes import abridged
from mtl_search.sweep.spec import SweepSpec

__all__ = ["judged_by"]

OF_TABLES = ("numeric", "categorical")  # kinds of inputs that linear networks and boosted trees read


def judged_by(spec: SweepSpec, dataset: Dataset) -> tuple[SweepSpec, Dataset]:
    """``spec`` of the tasks of ``dataset``, without unsuited references; the notes of the data say why."""
    spec = spec.of_tasks(dataset.tasks)
    wanted = spec.settings.references
    left_out = {name: why for name, why in _unsuited(spec, dataset) if getattr(wanted, name)}
    if not left_out:
        return spec, dataset
    notes = (f"reference {name!r} is left out: {why}" for name, why in left_out.items())
    return spec.without_references(left_out), replace(dataset, warnings=(*dataset.warnings, *notes))


def _unsuited(spec: SweepSpec, dataset: Dataset) -> Iterator[tuple[str, str]]:
    """The references that cannot be had, and why."""
    inputs = dataset.encoding.inputs
    others = {name: of.kind for of in inputs if of.kind not in OF_TABLES for name in of.columns}
    if others:
        first = next(iter(others))
        why = f"it reads numbers and categories alone, and input {first!r} is of kind {others[first]}"
        yield from (("linear", why), ("trees", why))
        return
    unlearned = [name for name in spec.settings.main_tasks if dataset.tasks[name].boosting is None]
    if unlearned:
        yield "trees", f"trees cannot learn {abridged(unlearned)}"
