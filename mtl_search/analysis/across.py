"""Sweeps against each other: what they advise, compared on test, where that can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtl_search.analysis.confirmation import Confirmed, Runs, confirmed_designs
from mtl_search.analysis.frames import main_tasks, metric_kinds, rows_of, task_weights
from mtl_search.analysis.scale import Scale
from mtl_search.analysis.significance import ALPHA, Estimate, holm, level_of, verdict
from mtl_search.analysis.verdict_text import advised
from mtl_search.arm_names import SINGLE_TASK
from mtl_search.leaderboard import Leaderboard, place_of
from mtl_search.records import DesignRecord, Difference

__all__ = ["Across", "compare_sweeps", "same_test_rows"]


@dataclass(frozen=True, slots=True)
class Across:
    """What a sweep advises less what the first one does, on test: of delta_m and of each task.

    In percent of the first one's single-task networks. Without values, ``why_not`` says why.
    """

    difference: Difference = field(default_factory=Difference)
    by_task: Mapping[str, Difference] = field(default_factory=dict)
    n_seeds: int = 0
    alpha: float = ALPHA
    why_not: str | None = None


def compare_sweeps(boards: Sequence[Leaderboard]) -> list[Across]:
    """Each but the first of ``boards`` against the first.

    Sweeps of one fingerprint saw the same rows, splits and tasks, and their jackknife left out the same
    units. Where they were confirmed on the same seeds too, the difference is paired in both, as within a
    sweep (`Scale`). These comparisons are secondary: p is corrected by Holm over the sweeps, and that of
    tasks over the tasks.
    """
    first, *others = [_Sweep(board) for board in boards]
    found = [_against(first, other) for other in others]
    corrected = holm([one.difference.p for one in found])
    return [
        replace(one, difference=_judged(one.difference, p, one.alpha)) if one.why_not is None else one
        for one, p in zip(found, corrected, strict=True)
    ]


def same_test_rows(boards: Sequence[Leaderboard]) -> list[frozenset[str]]:
    """The tasks of each of ``boards`` that were tested on the rows that the first with this task has."""
    rows: dict[str, str] = {}
    found = []
    for board in boards:
        of_board = {row["task"]: row["test_rows"] or "" for row in board.tasks().to_pylist()}
        for task, test_rows in of_board.items():
            rows[task] = rows.get(task) or test_rows
        found.append(frozenset(task for task, known in of_board.items() if known in ("", rows[task])))
    return found


class _Sweep:
    """What of a sweep's tables is compared."""

    def __init__(self, board: Leaderboard) -> None:
        trials, metrics, resamples, tasks = map(board.frame, ("trials", "metrics", "resamples", "tasks"))
        self.place = place_of(board.path)
        self.data = set(trials["data"])
        self.tasks, self.kinds, self.weights = main_tasks(tasks), metric_kinds(tasks), task_weights(tasks)
        self.references = {row["task"]: float(row["reference"]) for row in rows_of(tasks)}
        self.runs = Runs.read(trials, metrics, resamples)
        designs, summary = board.design_records(), board.summary_records()
        self.advised = self._confirmed(advised(designs, summary))
        self.single = self._confirmed(next((one for one in designs if SINGLE_TASK in one.arms), None))
        self.reading = max((row.reading for row in summary), default=1)

    def _confirmed(self, design: DesignRecord | None) -> Confirmed | None:
        """A design on test, if it was confirmed."""
        found = confirmed_designs([design] if design else [], self.runs, self.tasks)
        return found[0] if found else None

    def scale(self, alpha: float) -> Scale:
        """Gains over its single-task networks."""
        counted = tuple(self.kinds[task].has_gains_over(self.references[task]) for task in self.tasks)
        kinds = tuple(self.kinds[task] for task in self.tasks)
        return Scale(kinds, tuple(self.weights[task] for task in self.tasks), counted, self.single, alpha)


def _against(first: _Sweep, other: _Sweep) -> Across:
    if why_not := _why_not(first, other):
        return Across(why_not=why_not)
    assert first.advised is not None
    assert other.advised is not None
    scale = first.scale(level_of(max(first.reading, other.reading)))
    seeds = scale.common(other.advised, first.advised)
    if len(seeds) < 2:
        why_not = "they were confirmed on other seeds, which sampler.seed of the sweep file decides"
        return Across(why_not=why_not)
    gains = scale.difference(other.advised, first.advised, seeds)
    of_tasks = [scale.of_task(gains, at) for at in range(len(first.tasks))]
    p_holm = holm([one.p for one in of_tasks])
    by_task = {
        task: _judged(_difference(one), p, scale.alpha)
        for task, one, p in zip(first.tasks, of_tasks, p_holm, strict=True)
    }
    whole = _difference(scale.of_mean(gains), scale.smallest(gains))
    return Across(whole, by_task, len(seeds), scale.alpha)


def _why_not(first: _Sweep, other: _Sweep) -> str | None:
    """Why two sweeps cannot be compared, before seeds are looked at."""
    if not set(first.tasks) & set(other.tasks):
        return "they have no task in common"
    if not first.data or not other.data:
        return "one of them has no trial yet"
    if first.data != other.data or len(first.data) != 1:
        return "they saw other data, another split or other tasks"
    if first.tasks != other.tasks:
        return "their main tasks are others"
    for one in (first, other):
        if one.advised is None:
            return f"{one.place} has not confirmed what it advises"
    if first.single is None:
        return f"{first.place} has no confirmed single-task networks, in whose percent gains are"
    if first.runs.groups != other.runs.groups:
        return "test was resampled in one of them, or in other groups"
    return None


def _difference(found: Estimate, smallest: float = float("nan")) -> Difference:
    return Difference(found.mean, found.low, found.high, found.p, smallest=smallest)


def _judged(difference: Difference, p: float, alpha: float) -> Difference:
    said = verdict(difference.difference, p, alpha)
    return replace(difference, p_corrected=p, verdict=said.value)
