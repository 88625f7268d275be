"""Trials that are refused, each with the exact message: place, expectation, finding, nearest valid name."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.space import Document, SearchSpace

TRUNK = "  trunk: {name: mlp, stages: 3}\n"
TREE = "age cost death dnr / age | cost death dnr"
KEYS = "batch_size, epochs, members, optimizer, sharing, trunk, weighting"

CASES = {
    "no mapping": ("trial: 3\n", "x.yaml:1: trial: expected a mapping with the keys of a trial, found 3"),
    "nothing": ("trial:\n", "x.yaml:1: trial: expected a mapping with the keys of a trial, found nothing"),
    "no trunk": (
        "trial:\n  epochs: 3\n",
        "x.yaml:1: trial.trunk: expected a trunk with its stages, found nothing",
    ),
    "unknown key": (
        f"trial:\n{TRUNK}  epoch: 3\n",
        "x.yaml:3: trial.epoch: expected a known key, found 'epoch'; did you mean 'epochs'?",
    ),
    "unknown key like none": (
        f"trial:\n{TRUNK}  zzz: 3\n",
        f"x.yaml:3: trial.zzz: expected a known key, found 'zzz'; valid: {KEYS}",
    ),
    "typo in trunk": (
        "trial:\n  trnk: {name: mlp, stages: 3}\n",
        "x.yaml:2: trial.trnk: expected a known key, found 'trnk'; did you mean 'trunk'?",
    ),
    "range in the wrong order": (
        f"trial:\n{TRUNK}  optimizer:\n    name: adamw\n    lr: {{float: [0.01, 0.001], log: true}}\n",
        "x.yaml:5: trial.optimizer.lr: expected low < high, found [0.01, 0.001]",
    ),
    "log from zero": (
        f"trial:\n{TRUNK}  optimizer: {{name: adamw, lr: {{float: [0, 0.1], log: true}}}}\n",
        "x.yaml:3: trial.optimizer.lr: expected low above 0 on the log scale, found [0, 0.1]",
    ),
    "unknown key in a range": (
        f"trial:\n{TRUNK}  epochs: {{int: [1, 9], stp: 2}}\n",
        "x.yaml:3: trial.epochs: expected no key besides 'int', 'log', 'step', found 'stp';"
        " did you mean 'step'?",
    ),
    "unknown range": (
        f"trial:\n{TRUNK}  epochs: {{itn: [1, 9]}}\n",
        "x.yaml:3: trial.epochs: expected a whole number, found {itn: [1, 9]}; did you mean 'int'?",
    ),
    "number as text": (
        f"trial:\n{TRUNK}  epochs: thirty\n",
        "x.yaml:3: trial.epochs: expected a whole number, found 'thirty'",
    ),
    "negative": (
        f"trial:\n{TRUNK}  epochs: -4\n",
        "x.yaml:3: trial.epochs: expected a number of at least 1, found -4",
    ),
    "low end invalid": (
        f"trial:\n{TRUNK}  epochs:\n    int: [0, 9]\n",
        "x.yaml:3: trial.epochs: expected a number of at least 1, found 0 (of {int: [0, 9]})",
    ),
    "high end invalid": (
        "trial:\n  trunk:\n    name: mlp\n    stages: 3\n    dropout: {float: [0.0, 1.0]}\n",
        "x.yaml:5: trial.trunk.dropout: expected a number below 1, found 1.0 (of {float: [0.0, 1.0]})",
    ),
    "numbers between whole ends": (
        f"trial:\n{TRUNK}  epochs: {{float: [1, 3]}}\n",
        "x.yaml:3: trial.epochs: expected a whole number, found 1.7357588823428847 (of {float: [1, 3]})",
    ),
    "choice invalid": (
        "trial:\n  trunk: {name: mlp, stages: 3, activation: {categorical: [relu, gelo]}}\n",
        "x.yaml:2: trial.trunk.activation: expected 'relu' or 'gelu', found 'gelo'"
        " (of {categorical: ['relu', 'gelo']})",
    ),
    "end invalid in an alternative": (
        f"trial:\n{TRUNK}  weighting:\n    one_of:\n      - name: equal\n      - name: stch\n"
        "        warmup: {int: [-1, 2]}\n",
        "x.yaml:7: trial.weighting.one_of[1].warmup: expected a number of at least 0, found -1"
        " (of {int: [-1, 2]})",
    ),
    "end invalid in a list": (
        f"trial:\n{TRUNK}  optimizer:\n    name: adamw\n    lr: 0.1\n    betas:\n      - 0.9\n"
        "      - {categorical: [0.99, x]}\n",
        "x.yaml:8: trial.optimizer.betas[1]: expected a number, found 'x' (of {categorical: [0.99, 'x']})",
    ),
    "unknown name": (
        f"trial:\n{TRUNK}  optimizer:\n    name: adam\n",
        "x.yaml:4: trial.optimizer.name: expected a known name, found 'adam'; did you mean 'adamw'?",
    ),
    "unknown name of an alternative": (
        f"trial:\n{TRUNK}  weighting:\n    one_of:\n      - {{name: equal}}\n      - {{name: pcgrd}}\n",
        "x.yaml:6: trial.weighting.one_of[1].name: expected a known name, found 'pcgrd';"
        " did you mean 'pcgrad'?",
    ),
    "unknown key of an alternative": (
        f"trial:\n{TRUNK}  weighting:\n    one_of:\n      - name: stch\n        nu: 1\n",
        "x.yaml:6: trial.weighting.one_of[0].nu: expected a known key, found 'nu'; valid: mu, name, warmup",
    ),
    "no name": (
        f"trial:\n{TRUNK}  optimizer: {{lr: 0.1}}\n",
        "x.yaml:3: trial.optimizer: expected a mapping with name, found {lr: 0.1}; valid: adamw, sgd",
    ),
    "name alone": (
        f"trial:\n{TRUNK}  optimizer: adamw\n",
        "x.yaml:3: trial.optimizer.lr: expected a value, found nothing",
    ),
    "missing option": (
        f"trial:\n{TRUNK}  optimizer:\n    name: sgd\n",
        "x.yaml:3: trial.optimizer.lr: expected a value, found nothing",
    ),
    "alternatives of one name": (
        f"trial:\n{TRUNK}  weighting: {{one_of: [{{name: stch}}, {{name: stch, mu: 2}}]}}\n",
        "x.yaml:3: trial.weighting: expected alternatives that differ in name, found 'stch' more than once",
    ),
    "stages missing": (
        "trial:\n  trunk:\n    name: mlp\n",
        "x.yaml:2: trial.trunk.stages: expected the number of stages, found nothing;"
        " branchings are cut at them",
    ),
    "unknown task": (
        f"trial:\n{TRUNK}  members:\n    - age\n    - cots\n",
        "x.yaml:5: trial.members[1]: expected a task, found 'cots'; did you mean 'cost'?",
    ),
    "subset larger than the tasks": (
        f"trial:\n{TRUNK}  members: {{subset: {{min: 1, max: 6}}}}\n",
        "x.yaml:3: trial.members: expected 1 <= min <= max <= 4 (the number of tasks), found min 1 and max 6",
    ),
    "range of members elsewhere": (
        f"trial:\n{TRUNK}  epochs: {{subset: {{min: 1}}}}\n",
        "x.yaml:3: trial.epochs: expected a value or a range that fits here,"
        " found 'subset', which is for members",
    ),
    "the old word for sharing": (
        f"trial:\n{TRUNK}  branching: shared\n",
        "x.yaml:3: trial.branching: expected a known key, found 'branching'; it is called 'sharing' now",
    ),
    "split beyond the stages": (
        f"trial:\n{TRUNK}  sharing: {{split: {{int: [1, 4]}}}}\n",
        "x.yaml:3: trial.sharing: expected a split point from 1 to 3 (the number of stages), found 4",
    ),
    "split before the stages": (
        f"trial:\n{TRUNK}  sharing: {{split: 0}}\n",
        "x.yaml:3: trial.sharing: expected a split point from 1 to 3 (the number of stages), found 0",
    ),
    "branching with other stages": (
        f"trial:\n{TRUNK}  sharing: {TREE}\n",
        "x.yaml:3: trial.sharing: expected a branching of 3 stages (the number of stages of the trunk),"
        f" found '{TREE}' of 2",
    ),
    "branching without a task": (
        f"trial:\n{TRUNK}  sharing: age cost dnr / age cost dnr / age | cost dnr\n",
        "x.yaml:3: trial.sharing: expected a branching of all tasks that can be members,"
        " found one without death",
    ),
    "branching that is no tree": (
        f"trial:\n{TRUNK}  sharing: age cost / age | cost / age cost\n",
        "x.yaml:3: trial.sharing: expected age and cost apart, as the stage before"
        " (branching 'age cost / age | cost / age cost': stage 2), found them together",
    ),
    "weights without a task": (
        f"trial:\n{TRUNK}  weighting:\n    name: fixed\n    weights: {{age: 1, cost: 1, dnr: 2}}\n",
        "x.yaml:5: trial.weighting.weights: expected a value for each task that can be a member,"
        " found none for death",
    ),
    "weights of an unknown task": (
        f"trial:\n{TRUNK}  weighting:\n    name: fixed\n    weights:\n      age: 1\n      cots: 1\n",
        "x.yaml:7: trial.weighting.weights.cots: expected a task, found 'cots'; did you mean 'cost'?",
    ),
    "weight below zero": (
        f"trial:\n{TRUNK}  weighting:\n    name: fixed\n    weights:\n      age: 1\n      cost: -1\n"
        "      death: 1\n      dnr: 1\n",
        "x.yaml:7: trial.weighting.weights.cost: expected a number above 0, found -1",
    ),
    "no weights": (
        f"trial:\n{TRUNK}  weighting:\n    name: fixed\n    weights: {{}}\n",
        "x.yaml:1: trial: expected those of ('age', 'cost', 'death', 'dnr') (weights), found {}",
    ),
    "simplex for a number": (
        f"trial:\n{TRUNK}  epochs: {{simplex: [1, 2]}}\n",
        "x.yaml:3: trial.epochs: expected a whole number, found {age: 1.0, cost: 1.0, death: 1.0, dnr: 1.0}",
    ),
    "two parameters of one name": (
        "trial:\n  trunk: {name: mlp, stages: 3, a: {b: {int: [1, 2]}}, a.b: {int: [1, 2]}}\n",
        "x.yaml:1: trial: expected parameters of different names, found 'trunk.a.b' more than once",
    ),
}


@pytest.mark.parametrize(("text", "message"), CASES.values(), ids=CASES)
def test_trials_that_are_refused(text: str, message: str, space_of_text: Callable[..., Any]) -> None:
    with pytest.raises(SpecError) as caught:
        space_of_text(text)
    assert str(caught.value) == message


BASE = f"trial:\n{TRUNK}  sharing: {{split: {{int: [1, 3]}}}}\n  epochs: 3\n"
ARMS = {
    "unknown key": (
        "{weigthing: {name: equal}}",
        "x.yaml:7: arms.mine.weigthing: expected a known key, found 'weigthing'; did you mean 'weighting'?",
    ),
    "no mapping": (
        "shared",
        "x.yaml:7: arms.mine: expected a mapping with the keys of a trial, found 'shared'",
    ),
    "invalid value": ("{epochs: 0}", "x.yaml:7: arms.mine.epochs: expected a number of at least 1, found 0"),
    "invalid end": (
        "{weighting: {one_of: [{name: stch, warmup: {int: [-2, 1]}}]}}",
        "x.yaml:7: arms.mine.weighting.one_of[0].warmup: expected a number of at least 0,"
        " found -2 (of {int: [-2, 1]})",
    ),
    "what it overrides no longer fits": (
        "{trunk: {name: mlp, stages: 2}}",
        "x.yaml:3: trial.sharing: expected a split point from 1 to 2 (the number of stages), found 3",
    ),
    "members of a literal": (
        "{sharing: age cost / age | cost / age | cost}",
        "x.yaml:7: arms.mine.sharing: expected a branching of all tasks that can be members,"
        " found one without death, dnr",
    ),
}


@pytest.mark.parametrize(("arm", "message"), ARMS.values(), ids=ARMS)
def test_arms_that_are_refused(arm: str, message: str, space_of_text: Callable[..., Any]) -> None:
    space = space_of_text(f"{BASE}arms:\n\n  mine: {arm}\n")
    path = ("arms", "mine")
    with pytest.raises(SpecError) as caught:
        space.override(space.source.document.get(path), path)
    assert str(caught.value) == message


def test_a_plain_value_error_is_told_at_the_trial() -> None:
    def refuse(config: Mapping[str, object]) -> None:
        raise ValueError("never valid")

    document = Document.from_value({"trial": {"trunk": {"name": "mlp", "stages": 1}}})
    with pytest.raises(SpecError) as caught:
        SearchSpace.parse(document.get(("trial",)), ("a",), document, ("trial",), refuse)
    assert str(caught.value) == "<sweep>: trial: expected a valid trial, found never valid"
