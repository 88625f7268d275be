"""SweepSpec: what a sweep file becomes, and what is refused with its place."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.space import FixedSuggest
from mtl_search.sweep import SweepSpec, load_sweep
from mtl_search.sweep.spec import RESERVED_ARMS
from mtl_search.training import TrialConfig

FILE = """\
name: tiny
data:
  source: tiny.parquet
tasks:
  cost: regression
  ill: {kind: binary, role: auxiliary}
budget: {trials: 4}
arms:
  mine: {members: all}
trial:
  members: {subset: {min: 1, max: 2}}
  sharing: {split: {int: [1, 2]}}
  trunk: {name: mlp, stages: 2, width: 8}
  epochs: {int: [2, 7]}
"""


SHORT = ["equal", "sgd", "constant"]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "x.yaml"
        path.write_text(text)
        return path

    return write


def test_a_file_becomes_a_sweep(written: Callable[[str], Path]) -> None:
    path = written(FILE)
    spec = load_sweep(path)
    assert spec.settings.name == "tiny"
    assert (spec.settings.main_tasks, spec.settings.auxiliary_tasks) == (("cost",), ("ill",))
    assert spec.settings.all_tasks == ("cost", "ill")
    assert list(spec.arms) == ["mine"]
    assert spec.arms["mine"].members.is_fixed
    assert not spec.space.members.is_fixed
    assert spec.base == path.parent
    assert spec.max_epochs == 7


def test_the_name_of_a_weighting_stands_for_its_defaults_everywhere(written: Callable[[str], Path]) -> None:
    short = """\
  weighting: {one_of: [equal, {name: stch}]}
  optimizer: sgd
  schedule: constant
"""
    file = FILE.replace("{members: all}", "{members: all, weighting: uncertainty}") + short
    spec = load_sweep(written(file))
    members = ("cost", "ill")
    config = TrialConfig.model_validate(spec.space.sample(FixedSuggest({"weighting": "equal"}), members))
    assert (config.weighting.name, config.optimizer.name, config.schedule.name) == (
        "equal",
        "sgd",
        "constant",
    )
    mine = TrialConfig.model_validate(spec.arms["mine"].sample(FixedSuggest({}), members))
    assert mine.weighting.name == "uncertainty"
    with pytest.raises(SpecError, match=r"x.yaml:15: trial.weighting.one_of\[0\].*found 'equl'; did"):
        load_sweep(written(file.replace("[equal", "[equl")))


def test_tasks_that_cannot_be_judged_go_from_every_list(written: Callable[[str], Path]) -> None:
    file = FILE.replace(
        "{members: all}", "{members: [cost, ill], weighting: {name: fixed, weights: {ill: 1, cost: 2}}}"
    )
    spec = load_sweep(written(file)).of_tasks(["cost"])
    assert spec.settings.all_tasks == spec.arms["mine"].members.tasks == ("cost",)
    assert spec.space.members.count == 1
    assert load_sweep(written(file)).of_tasks(["cost", "ill"]).settings.all_tasks == ("cost", "ill")


def test_defaults(written: Callable[[str], Path]) -> None:
    settings = load_sweep(written(FILE)).settings
    assert settings.objective.max_networks == 3
    assert (settings.sampler.name, settings.sampler.grouping) == ("tpe", "bayes")
    assert settings.pruner.name == "asha"
    resources = {"cpu": 1, "gpu": "auto", "workers": 1, "retries": 3}
    assert settings.resources.model_dump(exclude_none=True) == resources
    assert settings.constraints.model_dump(exclude_none=True) == {}


def test_a_value_says_the_same_as_a_file(written: Callable[[str], Path]) -> None:
    spec = load_sweep(written(FILE))
    again = SweepSpec.from_value(spec.document.data, spec.base)
    assert again.settings == spec.settings
    assert again.space == spec.space
    assert again.arms == spec.arms


def test_a_sweep_travels_between_processes(tiny_spec: Callable[..., SweepSpec]) -> None:
    spec = tiny_spec(arms={"mine": {"members": "all"}})
    again = pickle.loads(pickle.dumps(spec))
    assert (again.settings, again.space, again.arms) == (spec.settings, spec.space, spec.arms)


def test_names_of_methods_may_stand_alone(tiny_spec: Callable[..., SweepSpec]) -> None:
    spec = tiny_spec(sampler="qmc", pruner="median")
    assert (spec.settings.sampler.name, spec.settings.pruner.name) == ("qmc", "median")
    pairs = SweepSpec.from_value({**spec.document.data, "sampler": {"grouping": "pairs"}}).settings.sampler
    assert (pairs.name, pairs.grouping) == ("tpe", "pairs"), "the name of the sampler may be left out"


@pytest.mark.parametrize(
    ("epochs", "largest"),
    [({"int": [2, 7]}, 7), ({"categorical": [3, 9, 4]}, 9), (5, 5), (None, 30)],
    ids=str,
)
def test_the_most_epochs(tiny_spec: Callable[..., SweepSpec], epochs: Any, largest: int) -> None:
    assert tiny_spec(trial={"epochs": epochs}).max_epochs == largest


@pytest.mark.parametrize(
    ("line", "wrong", "place", "said"),
    [
        ("name: tiny", "nam: tiny", ":1: nam", "did you mean 'name'?"),
        ("name: tiny", "name: ../tiny", ":1: name", "'../tiny'"),
        ("name: tiny", "", "name", "nothing"),
        ("  source: tiny.parquet", "  sorce: tiny.parquet", ":3: data.sorce", "did you mean 'source'?"),
        ("  cost: regression", "  cost: regresion", ":5: tasks.cost", "did you mean 'regression'?"),
        ("  cost: regression", "  'my cost': regression", ":5: tasks.my cost", "letters, digits"),
        ("  cost: regression", "  'my cost': regression", ":5: tasks.my cost", "say column: 'my cost'"),
        (
            "  cost: regression",
            "  cost: {kind: binary, role: auxiliary}",
            "",
            "at least one task with role main",
        ),
        ("budget: {trials: 4}", "budget: {trials: -4}", ":7: budget.trials", "-4"),
        ("budget: {trials: 4}", "budget: {trials: 4, hours: 2}", ":7: budget", "either trials or hours"),
        ("budget: {trials: 4}", "budget: {}", ":7: budget", "either trials or hours"),
        ("budget: {trials: 4}", "", "budget", "nothing"),
        ("  mine: {members: all}", "  search: {members: all}", ":9: arms.search", "a name of your own"),
        ("  mine: {members: all}", "  'a b': {members: all}", ":9: arms.a b", "letters, digits"),
        ("  mine: {members: all}", "  single_task.cost: {members: all}", ":9: arms", "a name of your own"),
        ("  mine: {members: all}", "  mine: all", ":9: arms.mine", "a mapping of what differs"),
        (
            "  mine: {members: all}",
            "  mine: {members: [ill]}",
            ":9: arms.mine.members",
            "at least one main task",
        ),
        ("  mine: {members: all}", "  mine: {epoch: 3}", ":9: arms.mine.epoch", "did you mean 'epochs'?"),
        (
            "  members: {subset: {min: 1, max: 2}}",
            "  members: [ill]",
            ":11: trial.members",
            "at least one main",
        ),
        ("  epochs: {int: [2, 7]}", "  epochs: {int: [7, 2]}", ":14: trial.epochs", "[7, 2]"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_with_its_place(
    written: Callable[[str], Path], line: str, wrong: str, place: str, said: str
) -> None:
    assert line in FILE
    path = written(FILE.replace(line, wrong))
    with pytest.raises(SpecError) as refused:
        load_sweep(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert place in message
    assert said in message


OLD_MEMBERS = (
    "sampler.members: expected a known key, found 'members';"
    " it is called 'grouping' now: bayes, random, pairs, exhaustive or optuna"
)
GROUPINGS = "sampler.grouping: expected 'bayes', 'random', 'pairs', 'exhaustive' or 'optuna', found "


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ("{members: composed}", OLD_MEMBERS),
        ("{name: gp, members: all}", OLD_MEMBERS),
        ("{name: tpe, members: random, seed: 3}", OLD_MEMBERS),
        ("{name: tpe, grouping: composed}", f"{GROUPINGS}'composed'; it is called 'bayes' now"),
        ("{name: tpe, grouping: all}", f"{GROUPINGS}'all'; it is called 'exhaustive' now"),
        ("{name: tpe, grouping: sampler}", f"{GROUPINGS}'sampler'; it is called 'optuna' now"),
        ("{name: tpe, grouping: [bayes]}", f"{GROUPINGS}['bayes']"),
    ],
)
def test_an_old_word_is_refused_with_the_new_one(
    written: Callable[[str], Path], sampler: str, message: str
) -> None:
    path = written(FILE + f"sampler:\n  {sampler}\n")
    with pytest.raises(SpecError) as refused:
        load_sweep(path)
    line = len(path.read_text().splitlines())
    assert str(refused.value) == f"{path}:{line}: {message}"


@pytest.mark.parametrize("name", RESERVED_ARMS)
def test_arms_of_ours_keep_their_names(tiny_spec: Callable[..., SweepSpec], name: str) -> None:
    with pytest.raises(SpecError, match="a name of your own"):
        tiny_spec(arms={name: {"members": "all"}})


@pytest.mark.parametrize("block", ["data", "tasks", "budget", "trial", "name"])
def test_blocks_that_must_be_there(tiny_spec: Callable[..., SweepSpec], block: str) -> None:
    with pytest.raises(SpecError, match=block):
        tiny_spec(**{block: None})


@pytest.mark.parametrize("block", ["data", "tasks", "budget", "trial", "arms", "objective", "sampler"])
@pytest.mark.parametrize("value", [[1], 3, "nonsense"], ids=str)
def test_blocks_of_another_shape(tiny_spec: Callable[..., SweepSpec], block: str, value: object) -> None:
    with pytest.raises(SpecError, match=block):
        tiny_spec(**{block: value})
