"""The model card: what a bundle predicts, how good that is, from what it learned, and where it may fail."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.analysis.confirmation import Runs, confirmed_designs
from mtl_search.analysis.frames import metric_kinds
from mtl_search.analysis.sharing import experts_of
from mtl_search.analysis.significance import Estimate, estimate, jackknife_variance
from mtl_search.analysis.verdict_text import advised, verdict_sentences
from mtl_search.analysis.verdict_words import amount, arm_words, counted, percent, what
from mtl_search.bundle import AnyTrained, Description
from mtl_search.exporting.mixing import Mixed
from mtl_search.exporting.origin import Origin
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord, SummaryRecord, TaskResult

__all__ = ["Card"]


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card is written from."""

    board: Leaderboard
    design: DesignRecord
    description: Description
    networks: Mapping[str, AnyTrained]
    origin: Origin
    programs: Sequence[str] = ()
    """Sections on programs that go with the bundle, in Markdown."""
    mixed: Mixed | None = None
    """If it is no design of the sweep, but one with trees in it."""

    def text(self) -> str:
        """The card, in Markdown."""
        name = self.description.design.sweep
        paragraphs = [
            f"# {name}",
            f"This model predicts {_listed(sorted(self.design.configs))} from {self._n_columns()}.",
            *self._final(),
            *_section("What it predicts", [_table(("task", "kind", "in training"), self._tasks())]),
            *_section("How good it is", self._quality()),
            *_section("What it learned from", self.origin.paragraphs()),
            *_section("What it reads", self._columns()),
            *_section("How it is used", [_USE]),
            *self.programs,
            *_section("Limits", [_bullets(self._limits())]),
            *_section("How it was made", [_bullets(self._made())]),
        ]
        return "\n\n".join(paragraphs) + "\n"

    def _n_columns(self) -> str:
        return counted(len(self.description.inputs.columns), "column")

    def _final(self) -> list[str]:
        if not self.description.design.final:
            return []
        return [
            "**These networks were trained again on all rows, test among them.** The numbers below were "
            "measured on networks of the same design that had seen the train rows alone; no row is left that "
            "could say how good these ones are."
        ]

    def _tasks(self) -> Iterator[tuple[str, ...]]:
        for task in self.description.tasks:
            yield f"`{task.name}`", task.kind, task.describe()

    def _quality(self) -> list[str]:
        summary = self.board.summary_records()
        mine = self._mine(summary)
        if mine is None:
            return [
                "Nothing is known of it on test: the sweep did not confirm this design. Over one tuned "
                f"network a task it gains {percent(self.design.delta_m)} on valid, where it was chosen."
            ]
        alone = next((one for one in summary if "single_task" in one.arms), None)
        head = ("task", "metric", "on test", "one network a task", "gain", "verdict")
        rows = list(self._rows(mine, alone))
        level = f"{100 * (1 - mine.alpha):g} %"
        return [
            _table(head, rows),
            f"Means over {counted(mine.n_seeds, 'training')} of each network, on rows that nothing had "
            f"seen, with {level} intervals over seeds and rows. {self._mean()} A gain is relative to "
            "a tuned network for each task alone, in percent; positive is better.",
            *([self.mixed.sentence] if self.mixed else [self._verdict(summary, mine)]),
            *self._trees(summary, mine),
        ]

    def _mine(self, summary: Sequence[SummaryRecord]) -> SummaryRecord | None:
        """What test said of the design."""
        if self.mixed is not None:
            return self.mixed.tested
        return next((one for one in summary if one.design_id == self.design.design_id), None)

    def _rows(self, mine: SummaryRecord, alone: SummaryRecord | None) -> Iterator[tuple[str, ...]]:
        kinds = metric_kinds(self.board.frame("tasks"))
        values = self._values()
        references = {one.task: one for one in alone.tasks} if alone else {}
        for one in mine.tasks:
            kind, reference = kinds[one.task], references.get(one.task)
            arrow = "higher" if kind.higher_is_better else "lower"
            yield (
                f"`{one.task}`",
                f"{kind.name} ({arrow} is better)",
                _value(values.get(one.task), one),
                f"{reference.value:.4g}" if reference else "-",
                f"{percent(one.gain)} {_ends(one.gain_low, one.gain_high, '+.2f')}".strip(),
                one.verdict or "the reference itself",
            )

    def _values(self) -> dict[str, Estimate]:
        """The value of each task on test with its interval over seeds and rows."""
        tasks = tuple(sorted(self.design.configs))
        trials, metrics, resamples = map(self.board.frame, ("trials", "metrics", "resamples"))
        runs = Runs.read(trials, metrics, resamples)
        found = confirmed_designs([self.design], runs, tasks)
        if not found:
            return {}
        (one,) = found
        groups = len(one.resampled_GST)
        means_GT = one.resampled_GST.mean(axis=1) if groups else np.zeros((0, len(tasks)))
        return {
            task: estimate(one.values_ST[:, at], jackknife_variance(means_GT[:, at]), groups)
            for at, task in enumerate(tasks)
        }

    def _mean(self) -> str:
        if self._n_seeds() == 1:
            return "The model is one of these trainings."
        n = counted(self._n_seeds(), "network")
        return f"The model predicts with the mean of {n}, which is rarely worse than one."

    def _verdict(self, summary: Sequence[SummaryRecord], mine: SummaryRecord) -> str:
        """What the sweep says of the design; the advice to train it is taken already."""
        if not mine.chosen:
            return self._against(mine)
        designs = self.board.design_records()
        advice, *why = verdict_sentences(designs, summary)
        best = advised(designs, summary)
        taken = best is not None and best.design_id == mine.design_id
        return " ".join(why if taken else [advice, *why])

    def _against(self, mine: SummaryRecord) -> str:
        difference = mine.vs_single_task
        return (
            f"Over all tasks it is {percent(difference.difference)} "
            f"{_ends(difference.low, difference.high, '+.2f')} better than one network a task: "
            f"{difference.verdict or 'it is that reference'}."
        )

    def _trees(self, summary: Sequence[SummaryRecord], mine: SummaryRecord) -> list[str]:
        """How boosted trees fare, where the sweep has them."""
        trees = next((one for one in summary if "trees" in one.arms and one is not mine), None)
        if trees is None:
            return []
        values = {one.task: one for one in mine.tasks}
        kinds = metric_kinds(self.board.frame("tasks"))
        parts = [
            f"`{one.task}` {one.value:.4g} ({percent(gain)})"
            for one in trees.tasks
            if one.task in values
            for gain in [kinds[one.task].gain(one.value, values[one.task].value)]
        ]
        return [
            f"Boosted trees, one tuned model a task, on the same rows (in brackets: their gain over this "
            f"model): {', '.join(parts)}."
        ]

    def _columns(self) -> list[str]:
        inputs = self.description.inputs
        numeric, categorical = inputs.numeric, inputs.categorical
        rows = [
            (f"`{name}`", (numeric.saw or ("numbers",) * len(numeric.columns))[at], f"median {centre:.4g}")
            for at, (name, centre) in enumerate(zip(numeric.columns, numeric.centres, strict=True))
        ]
        for name, levels in zip(categorical.columns, categorical.levels, strict=True):
            shown = ", ".join(levels[:5]) + (f" ... {len(levels)} in all" if len(levels) > 5 else "")
            rows.append((f"`{name}`", "text", shown))
        shown_rows, left = rows[:SHOWN], len(rows) - SHOWN
        more = [f"and {left:,} more, which `model.json` has"] if left > 0 else []
        return [_table(("column", "values", "in training"), shown_rows), *more]

    def _limits(self) -> Iterator[str]:
        yield (
            "It was judged on rows like those that it learned from. Nothing is known of other populations, "
            "other places or later times."
        )
        missing = self.description.data.missing
        named = f", and what the sweep file says ({missing})" if missing else ""
        yield (
            f"Missing values (empty cells, NaN{named}) and text that training did not have are "
            "predicted as missing; `predict` counts them."
        )
        if any(task.kind == "regression" for task in self.description.tasks) and self._n_seeds() > 1:
            yield "`_sd` is the spread over the networks, not that of the outcome: single rows scatter more."
        summary = self.board.summary_records()
        mine = self._mine(summary)
        yield from (f"{note[0].upper()}{note[1:]}." for note in (mine.caveats if mine else ()))
        yield from (f"May change with more trials: {note}." for note in (mine.provisional if mine else ()))

    def _made(self) -> Iterator[str]:
        info, of = self.description.design, self.description
        weights = sum(
            v.numel() * v.element_size() for one in self.networks.values() for v in one.weights.values()
        )
        params = self.design.n_params
        yield f"Design `{info.design_id}` of {arm_words(info.arm)}: {what(self.design)}."
        of_networks = [(one.config.members, str(one.config.sharing)) for one in self.networks.values()]
        for members, sharing in dict.fromkeys(of_networks):  # each was trained on several seeds
            if experts := experts_of(sharing, members):
                yield f"{_listed(members)} share layers by `{experts}`."
        yield (
            f"{amount(params)} parameters and {amount(self.design.flops)} operations a row, for each of "
            f"{counted(self._n_seeds(), 'seed')}; {weights:,} bytes of weights in all."
        )
        yield f"Data fingerprint `{of.fingerprint}`; seeds {', '.join(str(s) for s in self._seeds())}."
        yield "Versions: " + ", ".join(f"{name} {version}" for name, version in of.versions.items()) + "."

    def _seeds(self) -> list[int]:
        return list(dict.fromkeys(entry.seed for entry in self.description.models))

    def _n_seeds(self) -> int:
        return len(self._seeds())


SHOWN = 200  # columns that a card lists
_USE = """\
```python
import pandas as pd

import mtl_search

model = mtl_search.load_model(".")  # this folder
predictions = model.predict(pd.read_csv("new.csv"))
```

```bash
mtl-search predict . new.csv predictions.csv
mtl-search evaluate . labelled.csv
```"""


def _section(title: str, paragraphs: Sequence[str]) -> list[str]:
    return [f"## {title}", *paragraphs]


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _bullets(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _value(found: Estimate | None, one: TaskResult) -> str:
    return f"{one.value:.4g} {_ends(found.low, found.high, '.4g')}".strip() if found else f"{one.value:.4g}"


def _ends(low: float, high: float, form: str) -> str:
    return f"[{low:{form}}, {high:{form}}]" if math.isfinite(low) and math.isfinite(high) else ""
