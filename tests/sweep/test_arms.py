"""Arms: which there are, what each may vary, how many trials it gets."""

from collections.abc import Callable

from mtl_search.arm_names import REFERENCE_ARMS, SEARCH
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import arms_of, evidence_for

MakeSpec = Callable[..., SweepSpec]


def named(spec: SweepSpec) -> dict[str, object]:
    return {arm.name: arm for arm in arms_of(spec)}


def test_order(tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(arms={"b": {"members": "all"}, "a": {"members": "all"}})
    assert [arm.name for arm in arms_of(spec)] == [
        *(arm for arm in REFERENCE_ARMS if arm not in ("linear", "trees")),
        "b",
        "a",
        SEARCH,
    ]


def test_references_get_equal_numbers_of_trials(tiny_spec: MakeSpec) -> None:
    single, equal, tuned, search = arms_of(tiny_spec(budget={"trials": 9, "reference_trials": 4}))
    assert single.trials is not None
    assert single.trials * len(single.studies) == equal.trials == tuned.trials == 8
    assert search.trials == 9


def test_hours_leave_trials_open(tiny_spec: MakeSpec) -> None:
    assert {arm.trials for arm in arms_of(tiny_spec(budget={"trials": None, "hours": 1.0}))} == {None}


def test_single_task_has_a_study_for_each_main_task(tiny_spec: MakeSpec) -> None:
    tasks = {"ill": {"kind": "binary", "role": "auxiliary"}, "stage": "multiclass"}
    single = arms_of(tiny_spec(tasks=tasks, data={"drop": ["patient", "topics"]}))[0]
    assert single.studies == {"single_task/cost": ("cost",), "single_task/stage": ("stage",)}


def test_shared_arms_hold_all_tasks_with_heads_apart(tiny_spec: MakeSpec) -> None:
    _, equal, tuned, _ = arms_of(tiny_spec(trial={"weighting": {"name": "pcgrad"}}))
    for arm in (equal, tuned):
        assert arm.is_reference
        assert list(arm.studies.values()) == [("cost", "ill")]
    weights = {name.name for name in tuned.space.parameters(("cost", "ill")) if "weighting" in name.name}
    assert weights == {"weighting.weights.cost", "weighting.weights.ill"}
    assert not any("weighting" in p.name for p in equal.space.parameters(("cost", "ill")))
    assert not any("branching" in p.name for p in equal.space.parameters(("cost", "ill")))


def test_all_tune_the_same_hyperparameters(tiny_spec: MakeSpec) -> None:
    spec = tiny_spec()
    for arm in arms_of(spec):
        names = {p.name for p in arm.space.parameters(("cost", "ill"))}
        assert "optimizer.lr" in names


def test_fixed_members_are_the_study_s(tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(trial={"members": ["ill"]}, arms={"mine": {"members": "all"}})
    found = {arm.name: arm.studies for arm in arms_of(spec)}
    assert found["search"] == {"search": ("ill",)}
    assert found["mine"] == {"mine": ("cost", "ill")}
    assert arms_of(tiny_spec())[-1].studies == {"search": None}


def test_the_search_builds_on_the_references(tiny_spec: MakeSpec) -> None:
    assert evidence_for("search") == ("single_task", "shared_equal", "shared_tuned", "search")
    assert evidence_for("mine") == ("mine",)
    assert evidence_for("single_task") == ("single_task",)
