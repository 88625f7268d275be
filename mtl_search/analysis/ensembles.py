"""Ensembles of seeds: what a confirmed design gains if the networks of all its seeds predict together.

Beside the mean of single networks stands what ``export`` takes home: each network of the design as the mean
of its trainings. A gain is over the same single-task value as a single network's, the mean of single
networks, so that both are on one scale; who wants to know what sharing brings to ensembles compares those of
two designs, which are there for the references and the control too.

There is one ensemble of all the seeds. So its interval holds the scatter of test units alone, by the same
jackknife as everywhere, and none over seeds; and it is not tested: verdicts and the choice of designs are
about single networks, as before test was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from mtl_search.analysis.confirmation import Confirmed
from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.scale import Scale
from mtl_search.records import SummaryRecord

__all__ = ["Ensembles", "with_ensemble"]

# T main tasks, G groups of test units left out in turn

Key = tuple[str, tuple[int, ...], str]  # config_id, seeds and task


@dataclass(frozen=True, slots=True)
class Ensembles:
    """What networks reach with all their seeds: default metrics on test, whole and without each group."""

    values: Mapping[Key, float]
    left_out: Mapping[Key, Sequence[float]]

    @classmethod
    def read(cls, ensembles: pd.DataFrame) -> Self:
        """From the table."""
        rows = rows_of(ensembles[ensembles["is_default"].astype(bool)])
        keys = [(row["config_id"], tuple(row["seeds"]), row["task"]) for row in rows]
        return cls(
            {key: row["value"] for key, row in zip(keys, rows, strict=True)},
            {key: tuple(row["left_out"]) for key, row in zip(keys, rows, strict=True)},
        )

    def of(self, design: Confirmed, tasks: Sequence[str]) -> Confirmed | None:
        """A design with what its ensemble reaches in the place of what each seed does; None if some network
        of it has none."""
        keys = [(design.design.configs.get(task, ""), design.seeds, task) for task in tasks]
        if not all(key in self.values for key in keys if key[0]):
            return None
        values_T = [self.values.get(key, np.nan) for key in keys]
        groups = len(design.resampled_GST)
        left_out_TG = [self.left_out.get(key) or (np.nan,) * groups for key in keys]
        return replace(
            design,
            values_ST=np.array([values_T], dtype=float),
            resampled_GST=np.array(left_out_TG, dtype=float).T[:, None, :],
        )


def with_ensemble(
    record: SummaryRecord, design: Confirmed, scale: Scale, ensembles: Ensembles, tasks: Sequence[str]
) -> SummaryRecord:
    """``record`` with what the ensemble of its design gains; as it is where that was not measured."""
    together = ensembles.of(design, tasks)
    if together is None:
        return record
    gains = scale.gains_together(together, record.seeds)
    whole = scale.of_rows(gains)
    of_tasks = []
    for at, task in enumerate(record.tasks):
        gain = scale.of_rows_of_task(gains, at)
        of_tasks.append(
            replace(
                task,
                ensemble_value=float(together.values_ST[0, at]),
                ensemble_gain=gain.mean,
                ensemble_gain_low=gain.low,
                ensemble_gain_high=gain.high,
            )
        )
    return replace(
        record,
        tasks=tuple(of_tasks),
        ensemble_size=len(design.seeds),
        ensemble_delta_m=whole.mean,
        ensemble_delta_m_low=whole.low,
        ensemble_delta_m_high=whole.high,
    )
