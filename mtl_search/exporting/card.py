"""The model card: what a bundle predicts, how good that is, from what it learned, and where it may fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mtl_search.analysis.sharing import experts_of
from mtl_search.analysis.verdict_words import amount, arm_words, counted, what
from mtl_search.bundle import AnyTrained, Description
from mtl_search.exporting.markdown import bullets, listed, section, table
from mtl_search.exporting.mixing import Mixed
from mtl_search.exporting.origin import Origin
from mtl_search.exporting.quality import Quality
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord

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
            f"This model predicts {listed(sorted(self.design.configs))} from {self._n_columns()}.",
            *self._final(),
            *section("What it predicts", [table(("task", "kind", "in training"), self._tasks())]),
            *section("How good it is", self._quality().paragraphs()),
            *section("What it learned from", self.origin.paragraphs()),
            *section("What it reads", self._columns()),
            *section("How it is used", [self._use()]),
            *self.programs,
            *section("Limits", [bullets(self._limits())]),
            *section("How it was made", [bullets(self._made())]),
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

    def _quality(self) -> Quality:
        return Quality(self.board, self.design, self._seeds(), self.mixed)

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
        rows += [(f"`{shape.column}`", shape.kind, shape.what) for shape in inputs.shape.others]
        shown_rows, left = rows[:SHOWN], len(rows) - SHOWN
        more = [f"and {left:,} more, which `model.json` has"] if left > 0 else []
        return [table(("column", "values", "in training"), shown_rows), *more]

    def _use(self) -> str:
        """Code, and commands; lists, such as the pixels of an image or of a mask, are not for CSV."""
        lists = any(task.level != "row" for task in self.description.tasks)
        if self.description.inputs.shape.is_table and not lists:
            return _USE
        return _USE.replace("csv", "parquet")

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
        mine = self._quality().tested()
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
                yield f"{listed(members)} share layers by `{experts}`."
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
