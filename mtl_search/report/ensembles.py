"""What the page says of ensembles of seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl_search.records import SummaryRecord
from mtl_search.report.words import amount, counted, gain, interval

__all__ = ["Ensembles", "ensembles_of"]

_COLUMNS = ("design", "ensemble of", "delta_m on test", "interval", "parameters", "operations a row")


@dataclass(frozen=True, slots=True)
class Ensembles:
    """What each confirmed design gains as an ensemble, and at which cost; ``about``: what that is."""

    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def ensembles_of(rows: Sequence[SummaryRecord], names: Mapping[str, str]) -> Ensembles | None:
    """Those of ``rows``, by the names of designs; None where none is known."""
    known = [(row, row.ensemble_size) for row in rows if row.ensemble_size]
    if not known:
        return None
    size = max(size for _, size in known)
    about = (
        f"An ensemble is the mean of what the networks of all {size} seeds predict, as in an exported model, "
        f"at {size} times the parameters and operations of one. Its gains are over the same single networks "
        "as all others here: compare the ensembles of two designs with each other. There is one of each, so "
        "its interval holds the luck of the test rows alone. No verdict is about ensembles, and nothing was "
        "chosen by them."
    )
    cells = [
        (
            names[row.design_id],
            counted(size, "seed"),
            gain(row.ensemble_delta_m),
            interval(row.ensemble_delta_m_low, row.ensemble_delta_m_high) or "\u2013",
            amount(size * row.n_params),
            amount(size * row.flops),
        )
        for row, size in known
    ]
    return Ensembles(about, _COLUMNS, tuple(cells))
