import json
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.analysis import verdict_sentences
from mtl_search.report.answer import answer
from mtl_search.report.tables import Tables
from mtl_search.report.training_file import training_file
from mtl_search.report.words import gain, interval, typeset

CONFIG = {"members": ["age"], "sharing": "age / age", "trunk": {"name": "mlp", "width": 64}, "lr": 1e-4}
SWEEP = """\
# what it is for
name: x
trial:
  members: all
#  commented: out
  trunk: {name: mlp}

arms:
  mine: {members: all}
budget: {trials: 3}   # kept
"""


def test_the_file_has_the_networks_in_the_place_of_the_search() -> None:
    text = training_file(SWEEP, [CONFIG, {**CONFIG, "members": ["cost"]}])
    read = YAML(typ="safe").load(text)
    assert read["trial"] == CONFIG
    assert read["arms"] == {"network_2": {**CONFIG, "members": ["cost"]}}
    assert read["budget"] == {"trials": 3}
    assert "# what it is for" in text
    assert "# kept" in text
    assert "commented" not in text


def test_of_one_network_there_are_no_arms_and_without_a_sweep_file_there_is_its_block() -> None:
    assert "arms" not in YAML(typ="safe").load(training_file(SWEEP, [CONFIG]))
    assert YAML(typ="safe").load(training_file("", [CONFIG])) == {"trial": CONFIG}


def test_the_answer_names_each_network_with_what_it_serves(tables: Tables) -> None:
    found, design = answer(tables), tables.advised
    assert [network.trial_id for network in found.networks] == list(design.networks)
    served = [one.task for network in found.networks for one in network.serves]
    assert sorted(served) == list(tables.main)
    for network in found.networks:
        members = set(tables.trial(network.trial_id)["members"])
        assert {one.task for one in network.serves} | {name for name, _ in network.also} == members
        assert network.picture.drawing is not None
        assert dict(network.facts)["optimizer.lr"]


def test_gains_are_those_on_test_with_those_on_valid_beside_them(tables: Tables, unconfirmed: Tables) -> None:
    (row,) = (row for row in tables.summary if row.chosen)
    tested = {task.task: task for task in row.tasks}
    for one in (one for network in answer(tables).networks for one in network.serves):
        task = tested[one.task]
        assert one.on_test == gain(task.gain)
        assert one.interval == interval(task.gain_low, task.gain_high)
        assert one.on_valid == gain(tables.advised.gains[one.task])
    before = [one for network in answer(unconfirmed).networks for one in network.serves]
    assert {one.on_test for one in before} == {""}
    assert all(one.on_valid for one in before)


def test_the_file_of_the_answer_is_the_networks_configurations(tables: Tables) -> None:
    found = answer(tables)
    configs = [json.loads(tables.trial(key)["config"]) for key in tables.advised.networks]
    read = YAML(typ="safe").load(found.file)
    assert [read["trial"], *read.get("arms", {}).values()] == configs


def verdicts(tables: Tables, **said: str) -> Tables:
    """The tables with these verdicts on every design."""

    def judged(row: Any) -> Any:
        names = [f"vs_{name}" for name in said if name != "verdict"]
        changed = {
            name: replace(getattr(row, name), verdict=said[name.removeprefix("vs_")]) for name in names
        }
        return replace(row, verdict=said["verdict"], **changed)

    return replace(tables, summary=[judged(row) for row in tables.summary])


def recommending(tables: Tables, arm: str, n_networks: int) -> Tables:
    """The tables with this design recommended."""
    chosen = next(one.design_id for one in tables.designs if (one.arm, one.n_networks) == (arm, n_networks))
    designs = [replace(one, chosen=one.design_id == chosen) for one in tables.designs]
    summary = [replace(one, chosen=one.design_id == chosen) for one in tables.summary]
    return replace(tables, designs=designs, summary=summary)


def unsure_of_sharing(tables: Tables) -> Any:
    """The tables with a gain of sharing that is not shown."""
    summary = [replace(row, gain_of_sharing=replace(row.gain_of_sharing, p=0.2)) for row in tables.summary]
    return replace(tables, summary=summary)


@pytest.mark.parametrize("overall", ["better", "no difference shown", "worse"])
def test_verdicts_stand_beside_the_numbers(tables: Tables, overall: str) -> None:
    found = answer(verdicts(tables, single_task="better", reference="worse", verdict=overall))
    assert found.verdict == overall
    first, second, sharing, own, size = found.tiles
    assert [(tile.label, tile.verdict) for tile in (first, second)] == [
        ("primary comparison 1", "better"),
        ("primary comparison 2", "worse"),
    ]
    assert second.what.endswith("the best other reference")
    assert (sharing.label, sharing.verdict) == ("by sharing", "better")
    assert own.what.startswith("the search's own networks alone")
    assert own.details[2].startswith("search: 60 trials, ")
    assert own.details[3].startswith("single task: 48 trials, ")
    assert (size.label, size.verdict) == ("size", "")
    assert found.provisional


@pytest.mark.parametrize(
    ("single", "overall", "badge"),
    [
        ("better", "better", "better than the references and its control"),
        ("better", "no difference shown", "better than single tasks, not than every reference"),
        ("no difference shown", "no difference shown", "no difference shown"),
        ("better", "worse", "worse than a reference or its control"),
    ],
)
def test_the_badge_says_no_more_than_is_shown(tables: Tables, single: str, overall: str, badge: str) -> None:
    assert answer(verdicts(tables, single_task=single, verdict=overall)).badge == badge


def test_a_gain_of_sharing_that_is_not_shown_is_not_called_better(tables: Tables) -> None:
    unsure = answer(unsure_of_sharing(tables))
    assert unsure.tiles[2].verdict == "no difference shown"
    said = verdicts(tables, single_task="better", verdict="no difference shown")
    unsure = answer(unsure_of_sharing(said))
    assert unsure.badge == "better than single tasks, not shown by sharing"


def test_the_sentences_are_those_of_the_verdict(tables: Tables) -> None:
    said = verdict_sentences(tables.designs, tables.summary)
    found = answer(tables)
    assert found.headline == typeset(said[0])
    assert found.sentences == tuple(map(typeset, said[1:]))
    assert "train set" in found.decided


def test_before_the_confirmation_it_says_so(unconfirmed: Tables) -> None:
    found = answer(unconfirmed)
    assert found.verdict == "not confirmed"
    assert "too high" in found.tiles[0].details[0]
    assert found.parts is None
    assert "nothing is shown yet" in found.sentences[-1]
    assert not found.provisional


def test_single_task_may_win(tables: Tables) -> None:
    found = answer(recommending(tables, "single_task", 5))
    assert found.headline.startswith("Train each task alone (")
    assert found.sentences[0].startswith("No design with sharing was shown to be better")
    assert all(not network.also for network in found.networks)
    assert "weighting" not in dict(found.networks[0].facts)


def test_one_network_for_all(tables: Tables) -> None:
    one = recommending(
        verdicts(tables, single_task="better", reference="better", verdict="better"), "shared_tuned", 1
    )
    assert answer(one).headline == typeset("Train one network for all five tasks (12.8 k parameters).")
    alone = replace(one, designs=[design for design in one.designs if design.chosen])
    assert answer(alone).tiles[-1].details == ()  # no single-task design to compare its size with


def test_without_a_design_there_is_no_answer(tables: Tables) -> None:
    assert answer(replace(tables, designs=tables.designs[:0])) is None


def test_the_advice_turns_where_it_is_shown_to_be_worse(tables: Tables, unconfirmed: Tables) -> None:
    none, worse = (
        answer(verdicts(tables, single_task=said, reference=said, verdict=said)).headline
        for said in ("no difference shown", "worse")
    )
    assert none.startswith("Train three networks for five tasks (")
    assert worse.startswith("Train each task alone (")
    assert "nothing is shown yet" in answer(unconfirmed).sentences[0]


def weighted(tables: Tables, weighting: dict[str, Any]) -> Tables:
    """The tables with this weighting in every configuration."""
    configs = [json.dumps({**json.loads(text), "weighting": weighting}) for text in tables.trials["config"]]
    return replace(tables, trials=tables.trials.assign(config=configs))


def test_weights_stand_in_one_line_and_options_under_their_name(tables: Tables) -> None:
    fixed = weighted(tables, {"name": "fixed", "weights": {"b": 0.50001, "a": 2.0}})
    assert dict(answer(fixed).networks[-1].facts)["weights"] == "a 2, b 0.5"
    uneven = dict(answer(weighted(tables, {"name": "gradnorm", "alpha": 1.5})).networks[-1].facts)
    assert (uneven["weighting"], uneven["weighting.alpha"]) == ("gradnorm", "1.5")
