"""Soft sharing in a space, with the real configuration behind it."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.errors import SpecError
from mtl_search.space import Document, FixedSuggest, RandomSuggest, Scalar, SearchSpace, parse_document
from mtl_search.training import TrialConfig
from tests.space.conftest import Recorder

TASKS = ("age", "cost", "dnr")
TRUNK = {"name": "mlp", "stages": {"int": [1, 3]}, "width": 8}
MMOE = {
    "name": "mmoe",
    "experts": {"int": [2, 8]},
    "start": {"int": [0, 2]},
    "dropout": {"float": [0.0, 0.5]},
}
WAYS = {
    "one_of": [
        "shared",
        {"split": {"int": [1, 3]}},
        {"tree": "any"},
        MMOE,
        {"name": "ple", "shared_experts": {"categorical": [1, 2]}, "temperature": {"float": [0.5, 2.0]}},
        {"name": "cross_stitch", "own": {"float": [0.5, 1.0]}},
    ]
}
STARTS = {"sharing.cut.age+cost", "sharing.cut.age+dnr", "sharing.cut.cost+dnr"}


def space_of(sharing: object, trunk: Mapping[str, object] = TRUNK) -> SearchSpace:
    document = Document.from_value({"trial": {"members": "all", "sharing": sharing, "trunk": trunk}})
    return parsed(document)


def parsed(document: Document) -> SearchSpace:
    return SearchSpace.parse(
        document.get(("trial",)), TASKS, document, ("trial",), TrialConfig.model_validate
    )


@pytest.mark.parametrize("sharing", [MMOE, WAYS], ids=["one way", "several"])
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 9999), members=st.sets(st.sampled_from(TASKS), min_size=1))
def test_every_sample_is_a_configuration(sharing: object, seed: int, members: set[str]) -> None:
    space = space_of(sharing)
    asked = Recorder(RandomSuggest(random.Random(seed)))
    config = TrialConfig.model_validate(space.sample(asked, members))
    parameters = {parameter.name: parameter for parameter in space.parameters(members)}
    assert asked.asked.keys() <= parameters.keys()
    for name, parameter in parameters.items():
        met = all(asked.answers.get(key) == value for key, value in parameter.conditions)
        assert (name in asked.asked) == met
    assert TrialConfig.model_validate_json(config.model_dump_json()) == config
    if len(members) == 1:
        assert str(config.sharing) == " / ".join([*members] * config.trunk.depth)


def test_parameters_are_named_by_their_place() -> None:
    names = [p.name for p in space_of(MMOE).parameters(TASKS)]
    assert names == ["sharing.experts", "sharing.start", "sharing.dropout", "trunk.stages"]
    several = {p.name: p.when for p in space_of(WAYS).parameters(TASKS)}
    assert several["sharing.mmoe.experts"] == "sharing.name = 'mmoe'"
    assert several["sharing.split"] == "sharing.name = 'split'"
    assert several.keys() >= {"sharing.name", "sharing.ple.temperature", "sharing.cross_stitch.own", *STARTS}


def test_a_start_behind_the_last_stage_of_a_trial_is_that_stage() -> None:
    suggest = FixedSuggest({"trunk.stages": 2, "sharing.start": 2})
    assert space_of(MMOE).sample(suggest, TASKS)["sharing"] == {
        "name": "mmoe", "experts": 2, "start": 1, "dropout": 0.0
    }  # fmt: skip


def test_networks_are_counted_by_what_tells_them_apart() -> None:
    assert space_of(MMOE).count_networks() == 7 * 3
    trees = space_of({"tree": "any"}).count_networks()
    assert space_of(WAYS).count_networks() == 1 + 3 + trees + 7 * 3 + 2 + 1


def test_each_way_is_trained_once_before_a_sampler_decides() -> None:
    space = space_of(WAYS)
    starts = space.starts(TASKS)
    assert [start["sharing.name"] for start in starts] == [
        "shared", "split", "tree", "tree", "tree", "mmoe", "ple", "cross_stitch"
    ]  # fmt: skip
    for start in starts:
        known: dict[str, Scalar] = {**start}
        TrialConfig.model_validate(space.sample(FixedSuggest(known), TASKS))
    assert space.starts(TASKS[:1]) == ()


FILE = "trial:\n  members: all\n  trunk: {name: mlp, stages: 3}\n  sharing:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "    name: mmo",
            "x.yaml:5: trial.sharing.name: expected a known name, found 'mmo'; did you mean 'mmoe'?",
        ),
        (
            "    name: mmoe\n    expert: 3",
            "x.yaml:6: trial.sharing.expert: expected a known key, found 'expert'; did you mean 'experts'?",
        ),
        (
            "    name: ple\n    task_experts: {int: [0, 2]}",
            "x.yaml:6: trial.sharing.task_experts: expected a number above 0, found 0 (of {int: [0, 2]})",
        ),
        (
            "    name: mmoe\n    start: {int: [0, 3]}",
            "x.yaml:4: trial.sharing: expected a start from 0 to 2 (the last stage), found 3",
        ),
        (
            "    name: mmoe\n    start: -1",
            "x.yaml:6: trial.sharing.start: expected a number of at least 0, found -1",
        ),
        (
            "    one_of:\n      - shared\n      - name: cross_stitch\n        own: {float: [0.5, 1.5]}",
            "x.yaml:8: trial.sharing.one_of[1].own: expected a number of at most 1, found 1.5"
            " (of {float: [0.5, 1.5]})",
        ),
        (
            "    one_of:\n      - shared\n      - {name: plo}",
            "x.yaml:7: trial.sharing.one_of[1].name: expected a known name, found 'plo'; did you mean 'ple'?",
        ),
        (
            "    one_of:\n      - shared\n      - {split: 4}",
            "x.yaml:4: trial.sharing: expected a split point from 1 to 3 (the number of stages), found 4",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parsed(parse_document(f"{FILE}{text}\n", "x.yaml"))
    assert str(caught.value) == message


def test_a_user_s_own_start_is_left_alone() -> None:
    own: dict[str, Any] = {"name": "tests.fixtures.parts:Experts", "n": {"int": [2, 4]}}
    space = space_of(own)
    assert space.count_networks() == 3
    assert space.sample(FixedSuggest({}), TASKS)["sharing"] == {**own, "n": 2}
