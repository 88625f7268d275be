import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.design import Branching
from mtl_search.space import Document, FixedSuggest, Parameter, RandomSuggest, SearchSpace
from mtl_search.space.parameter import Categorical, FloatRange, IntRange
from tests.fixtures.branchings import enumerate_branchings
from tests.space.conftest import Recorder, TrialModel

TASKS = ("age", "cost", "death", "dnr")
WIDE = """\
trial:
  members: {subset: {min: 1, max: 3}}
  sharing: {split: {int: [1, 3]}}
  trunk: {name: mlp, stages: 3, width: {categorical: [64, 128, 256]}, dropout: {float: [0.0, 0.5]}}
  weighting:
    one_of:
      - {name: equal}
      - {name: fixed, weights: {simplex: [0.1, 10]}}
      - {name: stch, mu: {float: [0.5, 2]}, warmup: {int: [0, 4], step: 2}}
      - {name: pcgrad}
  optimizer: {name: adamw, lr: {float: [1e-4, 1e-2], log: true}, betas: [{float: [0.8, 0.95]}, 0.999]}
  batch_size: 256
  epochs: {int: [2, 30]}
"""


@pytest.fixture(scope="module")
def wide(space_of_text: Callable[..., Any]) -> SearchSpace:
    return space_of_text(WIDE)


def test_parameters_have_dotted_names_words_and_conditions(wide: SearchSpace) -> None:
    fixed, stch = "weighting.name = 'fixed'", "weighting.name = 'stch'"
    assert [(p.name, p.text, p.when) for p in wide.parameters()] == [
        ("members.age", "one of false, true", ""),
        ("members.cost", "one of false, true", ""),
        ("members.death", "one of false, true", ""),
        ("members.dnr", "one of false, true", ""),
        ("sharing.split", "1 to 3", ""),
        ("trunk.width", "one of 64, 128, 256", ""),
        ("trunk.dropout", "0.0 to 0.5", ""),
        ("weighting.name", "one of 'equal', 'fixed', 'stch', 'pcgrad'", ""),
        ("weighting.fixed.weights.age", "0.1 to 10.0, log", fixed),
        ("weighting.fixed.weights.cost", "0.1 to 10.0, log", fixed),
        ("weighting.fixed.weights.death", "0.1 to 10.0, log", fixed),
        ("weighting.fixed.weights.dnr", "0.1 to 10.0, log", fixed),
        ("weighting.stch.mu", "0.5 to 2.0", stch),
        ("weighting.stch.warmup", "0 to 4, step 2", stch),
        ("optimizer.lr", "0.0001 to 0.01, log", ""),
        ("optimizer.betas.0", "0.8 to 0.95", ""),
        ("epochs", "2 to 30", ""),
    ]


def test_a_single_member_has_nothing_to_share_or_to_weigh(wide: SearchSpace) -> None:
    names = [p.name for p in wide.parameters(["cost"])]
    assert names == ["trunk.width", "trunk.dropout", "optimizer.lr", "optimizer.betas.0", "epochs"]
    assert wide.sample(FixedSuggest({}), ["cost"]) == {
        "members": ("cost",),
        "sharing": "cost / cost / cost",
        "trunk": {"name": "mlp", "stages": 3, "width": 64, "dropout": 0.0},
        "weighting": {"name": "equal"},
        "optimizer": {"name": "adamw", "lr": 1e-4, "betas": [0.8, 0.999]},
        "batch_size": 256,
        "epochs": 2,
    }


def test_a_sample_has_the_shape_of_a_trial(wide: SearchSpace, trial_model: type[TrialModel]) -> None:
    answers: dict[str, str | int | float | bool | None] = {
        "weighting.name": "fixed",
        "weighting.fixed.weights.dnr": 0.3,
        "sharing.split": 2,
        "epochs": 30,
    }
    sample = wide.sample(FixedSuggest(answers), ("dnr", "age"))
    assert sample == {
        "members": ("age", "dnr"),
        "sharing": "age dnr / age dnr / age | dnr",
        "trunk": {"name": "mlp", "stages": 3, "width": 64, "dropout": 0.0},
        "weighting": {"name": "fixed", "weights": {"age": pytest.approx(0.5), "dnr": pytest.approx(1.5)}},
        "optimizer": {"name": "adamw", "lr": 1e-4, "betas": [0.8, 0.999]},
        "batch_size": 256,
        "epochs": 30,
    }
    assert trial_model.model_validate(sample).epochs == 30


def test_without_members_and_branching_all_sets_and_split_points_are_searched(
    space_of: Callable[..., Any],
) -> None:
    space = space_of({"trunk": {"name": "mlp", "stages": 2}})
    assert (space.members.min, space.members.max) == (1, 4)
    assert space.sample(FixedSuggest({}), TASKS)["sharing"] == "age cost death dnr / age | cost | death | dnr"
    assert [p.name for p in space.parameters()] == [
        *(f"members.{task}" for task in TASKS),
        "sharing.split",
    ]
    deeper = space.override({"trunk": {"name": "mlp", "stages": 5}}, ("arms", "deep"))
    assert deeper.parameters()[-1].range == IntRange(1, 5), "as deep as the trunk"


def test_tasks_are_sorted(space_of: Callable[..., Any]) -> None:
    space = space_of({"members": "all", "trunk": {"name": "mlp", "stages": 1}}, ("dnr", "age"))
    assert space.members.suggest(FixedSuggest({})) == ("age", "dnr")


TRUNK = {"name": "mlp", "stages": 3}
TREE = "age cost death dnr / age | cost death dnr / age | cost death | dnr"


def test_a_literal_branching_is_restricted_to_the_members(space_of: Callable[..., Any]) -> None:
    space = space_of({"sharing": TREE, "trunk": TRUNK})
    assert space.sample(FixedSuggest({}), TASKS)["sharing"] == TREE
    assert space.sample(FixedSuggest({}), ["dnr", "cost"])["sharing"] == "cost dnr / cost dnr / cost | dnr"


def test_a_literal_branching_of_the_members_alone(space_of: Callable[..., Any]) -> None:
    space = space_of(
        {"members": ["cost", "age"], "sharing": "age cost / age | cost / age | cost", "trunk": TRUNK}
    )
    assert space.sample(FixedSuggest({}), ["age", "cost"])["sharing"] == "age cost / age | cost / age | cost"


def test_literal_weights_are_those_of_the_members(space_of: Callable[..., Any]) -> None:
    weights = {"age": 1, "cost": 2, "death": {"float": [0.1, 10], "log": True}, "dnr": 4}
    fixed = {"name": "fixed", "weights": weights}
    space = space_of({"trunk": TRUNK, "sharing": "shared", "weighting": fixed})
    sampled = space.sample(FixedSuggest({"weighting.weights.death": 3}), ["dnr", "death"])
    assert sampled["weighting"] == {"name": "fixed", "weights": {"death": 3.0, "dnr": 4}}
    assert [p.name for p in space.parameters(["age", "cost"])] == []
    assert [p.name for p in space.parameters(["age", "death"])] == ["weighting.weights.death"]


def test_cuts_behind_the_end_of_a_shorter_trunk_lie_at_its_end(space_of: Callable[..., Any]) -> None:
    trunk = {"one_of": [{"name": "mlp", "stages": {"int": [1, 2]}}, {"name": "resnet", "stages": 4}]}
    space = space_of({"sharing": {"split": {"int": [1, 4]}}, "trunk": trunk})
    assert (space.n_stages, space.stages) == (4, {1, 2, 4})
    answers = {"sharing.split": 3, "trunk.mlp.stages": 2}
    short = space.sample(FixedSuggest({**answers, "trunk.name": "mlp"}), ["age", "dnr"])
    long = space.sample(FixedSuggest({**answers, "trunk.name": "resnet"}), ["age", "dnr"])
    assert short["sharing"] == "age dnr / age dnr"
    assert long["sharing"] == "age dnr / age dnr / age dnr / age | dnr"


def test_every_tree_can_be_sampled(space_of: Callable[..., Any]) -> None:
    space = space_of({"sharing": {"tree": "any"}, "trunk": TRUNK})
    for tree in enumerate_branchings(("age", "cost", "dnr"), 3):
        cuts = {f"sharing.cut.{a}+{b}": tree.cut(a, b) for a, b in combinations(tree.members, 2)}
        assert space.sample(FixedSuggest(cuts), tree.members)["sharing"] == str(tree)
    assert [p.name for p in space.parameters(["dnr", "age"])] == ["sharing.cut.age+dnr"]
    assert {p.range for p in space.parameters(TASKS)} == {IntRange(1, 3)}


@dataclass(frozen=True)
class OwnTrunk:
    stages: int


def test_python_users_may_give_their_own_trunk() -> None:
    document = Document.from_value({"trial": {"trunk": OwnTrunk(2), "sharing": {"split": 1}}})
    seen: list[Any] = []
    space = SearchSpace.parse(document.get(("trial",)), ("a", "b"), document, ("trial",), seen.append)
    assert space.sample(FixedSuggest({}), ["a", "b"]) == {
        "members": ("a", "b"),
        "sharing": "a b / a | b",
        "trunk": OwnTrunk(2),
    }
    assert seen


def test_both_ends_of_each_range_under_each_alternative_are_validated(
    space_of_text: Callable[..., Any],
) -> None:
    seen: list[Any] = []
    document_space = space_of_text(WIDE)
    document = document_space.source.document
    SearchSpace.parse(document.get(("trial",)), TASKS, document, ("trial",), seen.append)
    assert {config["members"] for config in seen} == {TASKS, ("age",)}
    full = [config for config in seen if config["members"] == TASKS]
    assert {config["trunk"]["width"] for config in full} == {64, 128, 256}
    assert {config["trunk"]["dropout"] for config in full} >= {0.0, 0.5}
    assert {config["optimizer"]["lr"] for config in full} >= {1e-4, 1e-2}
    assert {config["weighting"]["name"] for config in full} == {"equal", "fixed", "stch", "pcgrad"}
    stch = [config["weighting"] for config in full if config["weighting"]["name"] == "stch"]
    assert {(w["mu"], w["warmup"]) for w in stch} >= {(0.5, 0), (2.0, 0), (0.5, 4)}
    splits = {Branching.parse(config["sharing"]).cut("age", "dnr") for config in full}
    assert splits == {1, 3}


def test_an_arm_replaces_whole_keys(wide: SearchSpace) -> None:
    document = Document.from_value({})
    arm = wide.override(
        {"members": "all", "sharing": "shared", "weighting": {"name": "pcgrad"}}, ("arms", "x")
    )
    assert [p.name for p in arm.parameters()] == [
        "trunk.width",
        "trunk.dropout",
        "optimizer.lr",
        "optimizer.betas.0",
        "epochs",
    ]
    assert arm.members.suggest(FixedSuggest({})) == TASKS
    assert arm.members.fix(TASKS) == {}
    assert arm.sample(FixedSuggest({}), TASKS)["weighting"] == {"name": "pcgrad"}
    assert document.data == {}
    assert wide.override({}, ("arms", "same")) == wide


def test_an_arm_may_change_the_trunk(wide: SearchSpace) -> None:
    assert wide.override({"trunk": {"name": "resnet", "stages": 5}}, ("arms", "x")).n_stages == 5


def test_members_come_from_booleans(wide: SearchSpace) -> None:
    assert wide.members.fix(["dnr", "age"]) == {
        "members.age": True,
        "members.cost": False,
        "members.death": False,
        "members.dnr": True,
    }
    assert wide.members.suggest(FixedSuggest(wide.members.fix(["dnr", "age"]))) == ("age", "dnr")
    with pytest.raises(ValueError, match="1 to 3 of age, cost, death, dnr, found age, cost, death, dnr"):
        wide.members.fix(TASKS)


def test_sets_and_networks_are_counted(wide: SearchSpace, space_of: Callable[..., Any]) -> None:
    assert wide.members.count == 4 + 6 + 4
    assert wide.count_networks() == 4 + 3 * 6 + 3 * 4
    tree = space_of({"sharing": {"tree": "any"}, "trunk": TRUNK})
    assert tree.count_networks() == 4 * 1 + 6 * 3 + 4 * 12 + 60
    assert space_of({"members": "all", "sharing": "shared", "trunk": TRUNK}).count_networks() == 1


def test_the_largest_value_of_an_option(wide: SearchSpace, space_of: Callable[..., Any]) -> None:
    assert wide.largest("epochs", 5) == 30
    assert wide.largest("batch_size", 5) == 256
    assert wide.largest("patience", 5) == 5
    assert space_of({"trunk": TRUNK, "epochs": {"categorical": [3, 9, 6]}}).largest("epochs", 1) == 9


def test_a_space_can_be_pickled_and_is_the_same_after(wide: SearchSpace) -> None:
    copy = pickle.loads(pickle.dumps(wide))
    assert copy == wide
    for seed in range(20):
        drawn = RandomSuggest(random.Random(seed)), RandomSuggest(random.Random(seed))
        assert copy.sample(drawn[0], TASKS) == wide.sample(drawn[1], TASKS)


def test_samples_share_nothing_that_can_change(wide: SearchSpace) -> None:
    first: Any = wide.sample(FixedSuggest({}), ["age"])
    first["weighting"]["name"] = first["trunk"]["name"] = "changed"
    second: Any = wide.sample(FixedSuggest({}), ["age"])
    assert (second["weighting"]["name"], second["trunk"]["name"]) == ("equal", "mlp")


NUMBER = st.one_of(st.just(0.25), st.just({"float": [0.1, 0.5]}), st.just({"float": [0.1, 0.5], "log": True}))
STAGES = st.one_of(st.just(3), st.just({"int": [2, 3]}), st.just({"categorical": [1, 3]}))
MLP = st.fixed_dictionaries({"name": st.just("mlp"), "stages": STAGES}, optional={"dropout": NUMBER})
RESNET = st.fixed_dictionaries(
    {"name": st.just("resnet"), "stages": STAGES}, optional={"blocks": st.just([1, {"int": [1, 3]}])}
)
WEIGHTS = st.one_of(st.just({"simplex": [0.1, 10]}), st.fixed_dictionaries(dict.fromkeys(TASKS, NUMBER)))
WEIGHTINGS = [
    st.just({"name": "equal"}),
    st.fixed_dictionaries({"name": st.just("fixed"), "weights": WEIGHTS}),
    st.fixed_dictionaries(
        {"name": st.just("stch")}, optional={"mu": NUMBER, "warmup": st.just({"int": [0, 2]})}
    ),
]
BRANCHINGS = st.sampled_from(
    ["shared", {"split": 2}, {"split": {"int": [1, 3]}}, {"split": {"categorical": [1, 3]}}, {"tree": "any"}]
)
TRIALS = st.fixed_dictionaries(
    {"trunk": st.one_of(MLP, RESNET, st.tuples(MLP, RESNET).map(lambda both: {"one_of": list(both)}))},
    optional={
        "members": st.sampled_from(["all", ["age", "dnr"], {"subset": {}}, {"subset": {"min": 2, "max": 3}}]),
        "sharing": BRANCHINGS,
        "weighting": st.one_of(*WEIGHTINGS, st.tuples(*WEIGHTINGS).map(lambda all_: {"one_of": list(all_)})),
        "optimizer": st.fixed_dictionaries({"name": st.just("sgd"), "lr": NUMBER, "momentum": NUMBER}),
        "epochs": st.sampled_from([3, {"int": [1, 9]}]),
    },
)
MEMBERS = st.sets(st.sampled_from(TASKS), min_size=1).map(sorted).map(tuple)


@settings(deadline=None)
@given(trial=TRIALS, members=MEMBERS, seed=st.integers(0, 999))
def test_any_sample_with_any_members_is_a_valid_trial(
    trial: Any,
    members: tuple[str, ...],
    seed: int,
    space_of: Callable[..., Any],
    trial_model: type[TrialModel],
) -> None:
    space = space_of(trial)
    sample = space.sample(RandomSuggest(random.Random(seed)), members)
    config = trial_model.model_validate(sample)
    assert config.members == members
    assert sample == space.sample(RandomSuggest(random.Random(seed)), members)


@settings(deadline=None)
@given(trial=TRIALS, members=MEMBERS, seed=st.integers(0, 999))
def test_what_is_asked_for_is_what_parameters_says(
    trial: Any, members: tuple[str, ...], seed: int, space_of: Callable[..., Any], recorder: type[Recorder]
) -> None:
    """For these members: each parameter whose conditions hold, in its range, and no other."""
    space = space_of(trial)
    asked = recorder(RandomSuggest(random.Random(seed)))
    space.sample(asked, members)
    parameters = space.parameters(members)
    holding = [p for p in parameters if all(asked.answers.get(name) == value for name, value in p.conditions)]
    assert set(asked.asked) == {p.name for p in holding}
    for parameter in holding:
        assert asked.asked[parameter.name] == question(parameter)


@settings(deadline=None)
@given(trial=TRIALS, members=MEMBERS)
def test_a_parameter_is_the_same_with_any_members(
    trial: Any, members: tuple[str, ...], space_of: Callable[..., Any]
) -> None:
    space = space_of(trial)
    everything = {p.name: p for p in (*space.parameters(TASKS), *space.parameters())}
    for parameter in space.parameters(members):
        assert everything[parameter.name] == parameter
    assert len({p.name for p in space.parameters()}) == len(space.parameters())


@settings(deadline=None)
@given(trial=TRIALS, members=MEMBERS, seed=st.integers(0, 999))
def test_the_same_answers_by_name_give_the_same_sample(
    trial: Any, members: tuple[str, ...], seed: int, space_of: Callable[..., Any], recorder: type[Recorder]
) -> None:
    space = space_of(trial)
    asked = recorder(RandomSuggest(random.Random(seed)))
    sample = space.sample(asked, members)
    assert space.sample(FixedSuggest(asked.answers), members) == sample
    assert pickle.loads(pickle.dumps(space)).sample(FixedSuggest(asked.answers), members) == sample


def question(parameter: Parameter) -> tuple[object, ...]:
    match parameter.range:
        case FloatRange(low, high, log, step):
            return "float", low, high, step, log
        case IntRange(low, high, log, step):
            return "int", low, high, step, log
        case Categorical(choices):
            return "categorical", *choices


@settings(max_examples=10, deadline=None)
@given(trial=TRIALS, seed=st.integers(0, 99))
def test_optuna_never_meets_a_parameter_with_two_ranges(
    trial: Any, seed: int, space_of: Callable[..., Any], trial_model: type[TrialModel]
) -> None:
    """Thirty trials of one study, two with members that were fixed; a change of range is an error there."""
    space = space_of(trial)
    sampler = optuna.samplers.RandomSampler(seed=seed)
    study = optuna.create_study(sampler=sampler)
    fixed = {
        tuple(sorted(space.members.tasks))[: space.members.max],
        space.members.tasks[: space.members.min],
    }
    for members in fixed:
        study.enqueue_trial(space.members.fix(members))
    for _ in range(30):
        ask = study.ask()
        sample = space.sample(ask, space.members.suggest(ask))
        trial_model.model_validate(sample)
        study.tell(ask, 0.0)
    seen = {
        trial_model.model_validate(space.sample(t, space.members.suggest(t))).members
        for t in map(optuna.trial.FixedTrial, (t.params for t in study.trials[: len(fixed)]))
    }
    assert seen == fixed


def test_a_sampler_that_learns_works_with_all_kinds_of_parameters(
    wide: SearchSpace, trial_model: type[TrialModel]
) -> None:
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=3))
    for number in range(8):
        trial = study.ask()
        config = trial_model.model_validate(wide.sample(trial, wide.members.suggest(trial)))
        study.tell(trial, config.optimizer.lr + number)
    assert len(study.trials) == 8
