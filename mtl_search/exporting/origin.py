"""Origin: what is known of the data that a bundle learned from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, final

import pyarrow.parquet as pa_parquet

from mtl_search.data import DataSpec, DataSummary, bundled_tables
from mtl_search.records import Split

__all__ = ["Origin"]


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """A table's name, its title, source and licence if it carries them, and what was found in it.

    ``summary`` is None if the data was not at hand.
    """

    name: str
    about: Mapping[str, str]
    summary: DataSummary | None

    @classmethod
    def of(cls, data: DataSpec, name: str, summary: DataSummary | None) -> Self:
        """Of the data of a sweep, which a card calls ``name``."""
        table = bundled_tables().get(data.source)
        metadata = pa_parquet.read_schema(table).metadata if table else {}
        return cls(name, {key.decode(): text.decode() for key, text in metadata.items()}, summary)

    def paragraphs(self) -> list[str]:
        """For a card."""
        known = [f"The table `{self.name}`"]
        if "title" in self.about:
            known.append(f": {self.about['title']}")
        text = "".join(known) + "."
        if "source" in self.about:
            text += f" Source: {self.about['source']}."
        if "note" in self.about:
            text += f" Note: {self.about['note']}."
        licence = self.about.get("license")
        text += f" Licence of the data: {licence}." if licence else " The licence of the data is not known."
        return [text, *self._rows()]

    def _rows(self) -> list[str]:
        if self.summary is None:
            return ["How many rows it has is not known: the data was not at hand when the card was written."]
        rows = self.summary.rows
        text = (
            f"{rows[Split.TRAIN]:,} rows to learn from, {rows[Split.VALID]:,} to choose by (valid), "
            f"{rows.get(Split.TEST, 0):,} to judge by (test)."
        )
        labelled = ", ".join(
            f"`{task.name}` {task.labelled[Split.TRAIN]:,} / {task.labelled[Split.VALID]:,} / "
            f"{task.labelled.get(Split.TEST, 0):,}"
            for task in self.summary.tasks
        )
        return [f"{text} With a label (train / valid / test): {labelled}."]
