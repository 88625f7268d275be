"""Comparisons: each confirmed design with the references and with its control, and what they allow to say.

One comparison is primary, that of the recommended design, which was decided on before test was read: with
``single_task``, then, if it is shown to be better, with the best other reference on valid. Tests in an order
that is fixed beforehand, each made only if the one before has succeeded, keep the level without a correction
(Maurer, Hothorn and Lehmacher 1995; Westfall and Krishen 2001). All other tests are secondary and one family,
corrected by Holm.

"Better" is better than every reference it is compared with *and* than the control: each task alone with the
hyperparameters of the network that serves it. That all of several tests must succeed needs no correction
(the intersection-union test, Berger 1982). So a difference in tuning is never taken for a gain of sharing.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis.confirmation import Confirmed
from mtl_search.analysis.scale import Scale
from mtl_search.analysis.significance import Estimate, Verdict, estimate, holm, overall, verdict
from mtl_search.arm_names import LINEAR, SHARED_ARMS, SINGLE_TASK

__all__ = ["OTHER_REFERENCES", "compare", "standing_for"]

OTHER_REFERENCES = (*SHARED_ARMS, LINEAR)

Row = dict[str, Any]

_NOTHING = (estimate([]), math.nan)  # known of a difference


def standing_for(arm: str, designs: Sequence[Confirmed]) -> Confirmed | None:
    """The design that stands for a reference arm: that of the fewest networks, the plain baseline."""
    of_arm = [design for design in designs if arm in design.design["arms"]]
    return min(of_arm, key=lambda design: design.design["n_networks"], default=None)


def compare(rows: Sequence[Row], designs: Sequence[Confirmed], scale: Scale) -> None:
    """Add to ``rows``, one for each of ``designs``, the columns that compare them, and verdicts."""
    arm, reference = _best_reference(designs)
    by_id = {design.design["design_id"]: design for design in designs}
    for row, design in zip(rows, designs, strict=True):
        control = by_id.get(design.design["control"])
        row["reference"] = arm
        row["control"] = control.design["design_id"] if control else None
        row |= _against("vs_single_task", scale, design, scale.single)
        row |= _against("vs_reference", scale, design, reference)
        row |= _parts(scale, design, control)
    _correct(rows, scale.alpha)


def _best_reference(designs: Sequence[Confirmed]) -> tuple[str | None, Confirmed | None]:
    """The other reference that is best on valid, and its arm."""
    found = [(arm, standing_for(arm, designs)) for arm in OTHER_REFERENCES]
    known = [(arm, one) for arm, one in found if one and math.isfinite(one.design["delta_m"])]
    return max(known, key=lambda pair: pair[1].design["delta_m"], default=(None, None))


def _against(prefix: str, scale: Scale, design: Confirmed, other: Confirmed | None) -> Row:
    """The comparison with ``other``; of a design with itself without a verdict."""
    compared = other is not None and not _same(design, other)
    test, smallest = _difference(scale, design, other) if other is not None and compared else _NOTHING
    return {
        f"{prefix}_difference": test.mean,
        f"{prefix}_low": test.low,
        f"{prefix}_high": test.high,
        f"{prefix}_p": test.p,
        f"{prefix}_p_corrected": test.p,
        f"{prefix}_verdict": Verdict.NONE.value if compared else None,
        f"{prefix}_smallest": smallest,
    }


def _parts(scale: Scale, design: Confirmed, control: Confirmed | None) -> Row:
    """The gain parted by the control, on the seeds that all three have, so that the parts add up."""
    tuning = sharing = _NOTHING
    if control is not None and scale.single is not None:
        seeds = scale.common(design, control)
        tuning = _difference(scale, control, scale.single, seeds)
        sharing = _difference(scale, design, control, seeds)
    row: Row = {}
    for name, (part, smallest) in (("gain_of_tuning", tuning), ("gain_of_sharing", sharing)):
        row |= {name: part.mean, f"{name}_low": part.low, f"{name}_high": part.high, f"{name}_p": part.p}
        row[f"{name}_smallest"] = smallest
    return row


def _difference(
    scale: Scale, one: Confirmed, other: Confirmed, seeds: tuple[int, ...] | None = None
) -> tuple[Estimate, float]:
    """Of delta_m, and the smallest one that would be shown; nothing at all between a design and itself."""
    if _same(one, other):
        n = len(scale.common(one) if seeds is None else seeds)
        return (Estimate(n, 0.0, 0.0, 0.0, 0.0, 1.0), math.nan) if n else _NOTHING
    difference = scale.difference(one, other, seeds)
    return scale.of_mean(difference), scale.smallest(difference)


def _same(one: Confirmed, other: Confirmed) -> bool:
    return bool(one.design["design_id"] == other.design["design_id"])


def _correct(rows: Sequence[Row], alpha: float) -> None:
    """Correct the p-values, then say what is shown."""
    sharing = [row["gain_of_sharing_p"] for row in rows]
    tests = [
        (at, prefix)
        for at, row in enumerate(rows)
        for prefix in ("vs_single_task", "vs_reference")
        if row[f"{prefix}_verdict"] is not None and not row["chosen"] and not _mirrored(row, prefix)
    ]
    others = [at for at, row in enumerate(rows) if _has_control(row) and not row["chosen"]]
    family = holm([*(rows[at][f"{prefix}_p"] for at, prefix in tests), *(sharing[at] for at in others)])
    for (at, prefix), p in zip(tests, family, strict=False):
        rows[at][f"{prefix}_p_corrected"] = p
    for at, p in zip(others, family[len(tests) :], strict=True):
        sharing[at] = p
    mirror = [row["vs_single_task_p_corrected"] for row in rows if row["vs_reference_verdict"] is None]
    for row, p in zip(rows, sharing, strict=True):
        if _mirrored(row, "vs_reference"):
            row["vs_reference_p_corrected"] = mirror[0]
        _say(row, "vs_single_task", alpha)
        if row["chosen"] and row["vs_single_task_verdict"] in (Verdict.NONE, Verdict.WORSE):
            row["vs_reference_p_corrected"] = 1.0 if math.isfinite(row["vs_reference_p"]) else math.nan
        _say(row, "vs_reference", alpha)
        row["verdict"] = _overall(row, p, alpha)


def _mirrored(row: Mapping[str, Any], prefix: str) -> bool:
    """Whether it is ``single_task`` against the other reference, which is tested the other way round."""
    alone = row["vs_single_task_verdict"] is None and row["vs_reference_verdict"] is not None
    return alone and prefix == "vs_reference" and SINGLE_TASK in row["arms"]


def _has_control(row: Mapping[str, Any]) -> bool:
    """Whether it was compared with a control that is another design."""
    return row["control"] is not None and row["control"] != row["design_id"]


def _say(row: Row, prefix: str, alpha: float) -> None:
    if row[f"{prefix}_verdict"] is not None:
        said = verdict(row[f"{prefix}_difference"], row[f"{prefix}_p_corrected"], alpha)
        row[f"{prefix}_verdict"] = said.value


def _overall(row: Row, sharing_p: float, alpha: float) -> str | None:
    """Over the references and the control.

    A design that shares nothing is never better by sharing. Of one whose control was not asked for nothing is
    said where it would be better.
    """
    names = (row["vs_single_task_verdict"], row["vs_reference_verdict"])
    said = [Verdict(name) for name in names if name is not None]
    if _has_control(row):
        return overall([*said, verdict(row["gain_of_sharing"], sharing_p, alpha)]).value
    if overall(said) is not Verdict.BETTER:
        return overall(said).value
    shares_nothing = row["control"] == row["design_id"] or row["shares_nothing"]
    return Verdict.NONE.value if row["chosen"] or shares_nothing else None
