"""Comparisons: each confirmed design with the references and with its control, and what they allow to say.

One comparison is primary, that of the recommended design, which was decided on before test was read: with
``single_task``, then, if it is shown to be better, with the best other reference on valid. Tests in an order
that is fixed beforehand, each made only if the one before has succeeded, keep the level without a correction
(Maurer, Hothorn and Lehmacher 1995; Westfall and Krishen 2001). All other tests are secondary and one family,
corrected by Holm.

"Better" is better than every reference it is compared with *and* than the control: each task alone with the
hyperparameters of the network that serves it. That all of several tests must succeed needs no correction
(the intersection-union test, Berger 1982). So a difference in tuning is never taken for a gain of sharing.

Boosted trees stand beside all that: they are compared with ``single_task``, and the recommended design with
them, each in a test by itself. No verdict on a design of networks depends on them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mtl_search.analysis.confirmation import Confirmed
from mtl_search.analysis.scale import Scale
from mtl_search.analysis.significance import Verdict, holm, overall, verdict
from mtl_search.analysis.verdict_words import helpers
from mtl_search.arm_names import LINEAR, SHARED_ARMS, SINGLE_TASK, TREES
from mtl_search.records import DesignRecord, Difference

__all__ = ["OTHER_REFERENCES", "Compared", "compare", "standing_for"]

OTHER_REFERENCES = (*SHARED_ARMS, LINEAR)

_NOTHING = Difference()


@dataclass(frozen=True, slots=True)
class Compared:
    """What a design is compared with, and what that shows."""

    reference: str | None  # the arm of the other reference
    control: str | None
    vs_single_task: Difference
    vs_reference: Difference
    gain_of_tuning: Difference
    gain_of_sharing: Difference
    over_recommended: Difference
    vs_trees: Difference
    verdict: str | None = None


def standing_for(arm: str, designs: Sequence[Confirmed]) -> Confirmed | None:
    """The design that stands for a reference arm: that of the fewest networks, the plain baseline."""
    of_arm = [design for design in designs if arm in design.design.arms]
    return min(of_arm, key=lambda design: design.design.n_networks, default=None)


def compare(designs: Sequence[Confirmed], scale: Scale) -> list[Compared]:
    """Each of ``designs`` compared with the references and its control, and judged."""
    arm, reference = _best_reference(designs)
    trees = standing_for(TREES, designs)
    by_id = {design.design.design_id: design for design in designs}
    chosen = next((design for design in designs if design.design.chosen), None)
    found = []
    for design in designs:
        control = by_id.get(design.design.control or "")
        found.append(
            Compared(
                arm,
                control.design.design_id if control else None,
                _against(scale, design, scale.single),
                _against(scale, design, None if design is trees else reference),
                *_parts(scale, design, control),
                _difference(scale, design, chosen) if chosen else _NOTHING,
                _by_itself(scale, design, trees if design.design.chosen else None),
            )
        )
    return _judged(found, [design.design for design in designs], scale)


def _best_reference(designs: Sequence[Confirmed]) -> tuple[str | None, Confirmed | None]:
    """The other reference that is best on valid, and its arm."""
    found = [(arm, standing_for(arm, designs)) for arm in OTHER_REFERENCES]
    known = [(arm, one) for arm, one in found if one and math.isfinite(one.design.delta_m)]
    return max(known, key=lambda pair: pair[1].design.delta_m, default=(None, None))


def _against(scale: Scale, design: Confirmed, other: Confirmed | None) -> Difference:
    """The comparison with ``other``; of a design with itself without a verdict."""
    if other is None or _same(design, other):
        return _NOTHING
    found = _difference(scale, design, other)
    return replace(found, p_corrected=found.p, verdict=Verdict.NONE.value)


def _by_itself(scale: Scale, design: Confirmed, other: Confirmed | None) -> Difference:
    """The comparison with ``other`` as the only one that is asked for."""
    found = _against(scale, design, other)
    return _say(found, found.p, scale.alpha)


def _parts(scale: Scale, design: Confirmed, control: Confirmed | None) -> tuple[Difference, Difference]:
    """The gain parted by the control in tuning and sharing, on the seeds that all three have, so that the
    parts add up."""
    if control is None or scale.single is None:
        return _NOTHING, _NOTHING
    seeds = scale.common(design, control)
    return _difference(scale, control, scale.single, seeds), _difference(scale, design, control, seeds)


def _difference(
    scale: Scale, one: Confirmed, other: Confirmed, seeds: tuple[int, ...] | None = None
) -> Difference:
    """Of delta_m; nothing at all between a design and itself."""
    if _same(one, other):
        n = len(scale.common(one) if seeds is None else seeds)
        return Difference(0.0, 0.0, 0.0, 1.0) if n else _NOTHING
    difference = scale.difference(one, other, seeds)
    test = scale.of_mean(difference)
    return Difference(test.mean, test.low, test.high, test.p, smallest=scale.smallest(difference))


def _same(one: Confirmed, other: Confirmed) -> bool:
    return one.design.design_id == other.design.design_id


def _judged(found: Sequence[Compared], designs: Sequence[DesignRecord], scale: Scale) -> list[Compared]:
    """With the p-values corrected, and what they show."""
    p = _secondary(found, designs)
    mirror = next(
        (
            p.get((at, "vs_single_task"), one.vs_single_task.p)
            for at, (one, design) in enumerate(zip(found, designs, strict=True))
            if _is_other(one) and TREES not in design.arms
        ),
        math.nan,
    )
    judged = []
    for at, (one, design) in enumerate(zip(found, designs, strict=True)):
        single = _say(one.vs_single_task, p.get((at, "vs_single_task"), one.vs_single_task.p), scale.alpha)
        p_reference = p.get((at, "vs_reference"), one.vs_reference.p)
        if _mirrors(one, design):
            p_reference = mirror
        if design.chosen and single.verdict in (Verdict.NONE, Verdict.WORSE):
            p_reference = 1.0 if math.isfinite(one.vs_reference.p) else math.nan
        reference = _say(one.vs_reference, p_reference, scale.alpha)
        said = replace(one, vs_single_task=single, vs_reference=reference)
        p_sharing = p.get((at, "gain_of_sharing"), one.gain_of_sharing.p)
        judged.append(replace(said, verdict=_overall(said, design, p_sharing, scale)))
    return judged


def _secondary(found: Sequence[Compared], designs: Sequence[DesignRecord]) -> dict[tuple[int, str], float]:
    """The p-values of the secondary comparisons, corrected, by position and name."""
    tests = {}
    for at, (one, design) in enumerate(zip(found, designs, strict=True)):
        if design.chosen or TREES in design.arms:
            continue
        if one.vs_single_task.verdict is not None:
            tests[at, "vs_single_task"] = one.vs_single_task.p
        if one.vs_reference.verdict is not None and not _mirrors(one, design):
            tests[at, "vs_reference"] = one.vs_reference.p
        if _has_control(one, design):
            tests[at, "gain_of_sharing"] = one.gain_of_sharing.p
    return dict(zip(tests, holm(list(tests.values())), strict=True))


def _is_other(one: Compared) -> bool:
    """Whether it is the other reference itself, or there is none."""
    return one.vs_reference.verdict is None


def _mirrors(one: Compared, design: DesignRecord) -> bool:
    """Whether it is ``single_task`` against the other reference, which is tested the other way round."""
    alone = one.vs_single_task.verdict is None and one.vs_reference.verdict is not None
    return alone and SINGLE_TASK in design.arms


def _has_control(one: Compared, design: DesignRecord) -> bool:
    """Whether it was compared with a control that is another design."""
    return one.control is not None and one.control != design.design_id


def _say(difference: Difference, p: float, alpha: float) -> Difference:
    if difference.verdict is None:
        return difference
    said = verdict(difference.difference, p, alpha)
    return replace(difference, p_corrected=p, verdict=said.value)


def _overall(one: Compared, design: DesignRecord, sharing_p: float, scale: Scale) -> str | None:
    """Over the references and the control.

    A design that shares nothing is never better by sharing. Of one whose control was not asked for nothing is
    said where it would be better.
    """
    names = (one.vs_single_task.verdict, one.vs_reference.verdict)
    said = [Verdict(name) for name in names if name is not None]
    if TREES in design.arms:
        return one.vs_single_task.verdict
    if _has_control(one, design):
        return overall([*said, verdict(one.gain_of_sharing.difference, sharing_p, scale.alpha)]).value
    if overall(said) is not Verdict.BETTER:
        return overall(said).value
    shares_nothing = one.control == design.design_id or _shares_nothing(design, len(scale.kinds))
    return Verdict.NONE.value if design.chosen or shares_nothing else None


def _shares_nothing(design: DesignRecord, n_tasks: int) -> bool:
    """Whether each task has a network of its own that no other task helps."""
    configs = design.configs
    return len(set(configs.values())) == n_tasks == len(configs) and not helpers(design)
