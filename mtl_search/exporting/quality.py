"""Quality: what a card says of how good the model is, which is an ensemble unless it has one seed alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.analysis.confirmation import Confirmed, Runs, confirmed_designs
from mtl_search.analysis.ensembles import Ensembles
from mtl_search.analysis.frames import metric_kinds
from mtl_search.analysis.significance import Estimate, estimate, estimate_of_rows, jackknife_variance
from mtl_search.analysis.verdict_text import advised, verdict_sentences
from mtl_search.analysis.verdict_words import counted, percent
from mtl_search.exporting.markdown import interval, table
from mtl_search.exporting.mixing import Mixed
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord, SummaryRecord, TaskResult

__all__ = ["Quality"]


@dataclass(frozen=True, slots=True)
class Quality:
    """What test showed of ``design``, whose networks of ``seeds`` are the model; ``mixed`` as in `Card`.

    Where the ensemble of just these seeds was measured, the numbers are its own. Else (fewer seeds are taken,
    or an older sweep) they are means over single networks, and said to be.
    """

    board: Leaderboard
    design: DesignRecord
    seeds: Sequence[int]
    mixed: Mixed | None = None

    def paragraphs(self) -> list[str]:
        """In Markdown."""
        summary, mine = self.board.summary_records(), self.tested()
        if mine is None:
            return [
                "Nothing is known of it on test: the sweep did not confirm this design. Over one tuned "
                f"network a task it gains {percent(self.design.delta_m)} on valid, where it was chosen."
            ]
        alone = next((one for one in summary if "single_task" in one.arms), None)
        together = self._together()
        said = self._of_the_ensemble(mine, alone, together) if together else self._of_networks(mine, alone)
        verdict = self.mixed.sentence if self.mixed else self._verdict(summary, mine)
        if together and not self.mixed:
            verdict = f"What the sweep says of single networks: {verdict}"
        return [*said, verdict, *self._trees(summary, mine, as_ensembles=together is not None)]

    def tested(self) -> SummaryRecord | None:
        """What test said of the design; None if it was not confirmed."""
        if self.mixed is not None:
            return self.mixed.tested
        summary = self.board.summary_records()
        return next((one for one in summary if one.design_id == self.design.design_id), None)

    def _of_the_ensemble(
        self, mine: SummaryRecord, alone: SummaryRecord | None, together: Confirmed
    ) -> list[str]:
        """The model's own numbers, beside those of one of its networks."""
        values, kinds, references = self._of_rows(together, mine.alpha), self._kinds(), _by_task(alone)
        head = (
            "task",
            "metric",
            "this model",
            "gain",
            "one of its networks",
            "one network a task",
            "verdict",
        )
        rows = [
            (
                f"`{one.task}`",
                kinds[one.task],
                _value(one.ensemble_value, values[one.task]),
                _gain(one.ensemble_gain, one.ensemble_gain_low, one.ensemble_gain_high),
                f"{one.value:.4g}",
                _reference(references.get(one.task)),
                one.verdict or "the reference itself",
            )
            for one in mine.tasks
        ]
        n = len(self.seeds)
        others = ""
        if alone is not None and alone.ensemble_size and alone.design_id != mine.design_id and not self.mixed:
            others = (
                f" Over all tasks this model gains {percent(mine.ensemble_delta_m)}; tuned networks for "
                f"each task alone gain {percent(alone.ensemble_delta_m)} if {n} of each predict together too."
            )
        return [
            table(head, rows),
            f"This model predicts with the mean of each network's {n} trainings, and was measured as it "
            f"predicts, on rows that nothing had seen; {_level(mine)} intervals are over these rows alone. "
            "What one network reaches is a mean over seeds, and verdicts are about that. A gain is relative "
            "to one tuned network for each task alone, in percent; positive is better."
            f"{others}",
        ]

    def _of_networks(self, mine: SummaryRecord, alone: SummaryRecord | None) -> list[str]:
        """The means over single networks."""
        values, kinds, references = self._of_seeds(), self._kinds(), _by_task(alone)
        head = ("task", "metric", "on test", "one network a task", "gain", "verdict")
        rows = [
            (
                f"`{one.task}`",
                kinds[one.task],
                _value(one.value, values.get(one.task)),
                _reference(references.get(one.task)),
                _gain(one.gain, one.gain_low, one.gain_high),
                one.verdict or "the reference itself",
            )
            for one in mine.tasks
        ]
        model = "The model is one of these trainings."
        if len(self.seeds) > 1:
            model = (
                f"The model predicts with the mean of each network's {len(self.seeds)} trainings, which is "
                "rarely worse than one, and was not measured."
            )
        return [
            table(head, rows),
            f"Means over {counted(mine.n_seeds, 'training')} of each network, on rows that nothing had "
            f"seen, with {_level(mine)} intervals over seeds and rows. {model} A gain is relative to "
            "a tuned network for each task alone, in percent; positive is better.",
        ]

    def _confirmed(self) -> Confirmed | None:
        """The design with the value of each of its seeds on test."""
        runs = Runs.read(*map(self.board.frame, ("trials", "metrics", "resamples")))
        return next(iter(confirmed_designs([self.design], runs, self._tasks())), None)

    def _together(self) -> Confirmed | None:
        """The design with what the ensemble of its seeds reaches; None if that is another one, or unknown."""
        one = self._confirmed()
        if one is None or len(self.seeds) < 2 or set(one.seeds) != set(self.seeds):
            return None
        return Ensembles.read(self.board.frame("ensembles")).of(one, self._tasks())

    def _of_rows(self, together: Confirmed, alpha: float) -> dict[str, Estimate]:
        """The value of each task on test with its interval over rows."""
        groups = len(together.resampled_GST)
        return {
            task: estimate_of_rows(
                float(together.values_ST[0, at]),
                jackknife_variance(together.resampled_GST[:, 0, at]),
                groups,
                alpha=alpha,
            )
            for at, task in enumerate(self._tasks())
        }

    def _of_seeds(self) -> dict[str, Estimate]:
        """The value of each task on test with its interval over seeds and rows."""
        one, tasks = self._confirmed(), self._tasks()
        if one is None:
            return {}
        groups = len(one.resampled_GST)
        means_GT = one.resampled_GST.mean(axis=1) if groups else np.zeros((0, len(tasks)))
        return {
            task: estimate(one.values_ST[:, at], jackknife_variance(means_GT[:, at]), groups)
            for at, task in enumerate(tasks)
        }

    def _tasks(self) -> tuple[str, ...]:
        return tuple(sorted(self.design.configs))

    def _kinds(self) -> dict[str, str]:
        """The metric of each task, with its direction."""
        kinds = metric_kinds(self.board.frame("tasks"))
        return {
            task: f"{kind.name} ({'higher' if kind.higher_is_better else 'lower'} is better)"
            for task, kind in kinds.items()
        }

    def _verdict(self, summary: Sequence[SummaryRecord], mine: SummaryRecord) -> str:
        """What the sweep says of the design; the advice to train it is taken already."""
        if not mine.chosen:
            return _against(mine)
        designs = self.board.design_records()
        advice, *why = verdict_sentences(designs, summary)
        best = advised(designs, summary)
        taken = best is not None and best.design_id == mine.design_id
        return " ".join(why if taken else [advice, *why])

    def _trees(
        self, summary: Sequence[SummaryRecord], mine: SummaryRecord, *, as_ensembles: bool
    ) -> Iterator[str]:
        """How boosted trees fare, where the sweep has them: single ones, or ensembles as the model is."""
        trees = next((one for one in summary if "trees" in one.arms and one is not mine), None)
        if trees is None:
            return
        as_ensembles = as_ensembles and bool(trees.ensemble_size)
        values, kinds = _by_task(mine), metric_kinds(self.board.frame("tasks"))
        parts = []
        for one in trees.tasks:
            if one.task in values:
                theirs, ours = (_reached(task, as_ensembles) for task in (one, values[one.task]))
                parts.append(f"`{one.task}` {theirs:.4g} ({percent(kinds[one.task].gain(theirs, ours))})")
        seeds = f", the mean of {trees.ensemble_size} seeds" if as_ensembles else ""
        yield (
            f"Boosted trees, one tuned model a task{seeds}, on the same rows (in brackets: their gain over "
            f"this model): {', '.join(parts)}."
        )


def _against(mine: SummaryRecord) -> str:
    difference = mine.vs_single_task
    return (
        f"Over all tasks it is {percent(difference.difference)} "
        f"{interval(difference.low, difference.high, '+.2f')} better than one network a task: "
        f"{difference.verdict or 'it is that reference'}."
    )


def _by_task(row: SummaryRecord | None) -> Mapping[str, TaskResult]:
    return {one.task: one for one in row.tasks} if row else {}


def _reached(task: TaskResult, as_ensemble: bool) -> float:
    return task.ensemble_value if as_ensemble else task.value


def _level(row: SummaryRecord) -> str:
    return f"{100 * (1 - row.alpha):g} %"


def _value(value: float, found: Estimate | None) -> str:
    return f"{value:.4g} {interval(found.low, found.high, '.4g')}".strip() if found else f"{value:.4g}"


def _gain(gain: float, low: float, high: float) -> str:
    return f"{percent(gain)} {interval(low, high, '+.2f')}".strip()


def _reference(one: TaskResult | None) -> str:
    return f"{one.value:.4g}" if one else "-"
