import json
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from mtl_search.analysis.report.answer import answer, training_file

CONFIG = {"members": ["age"], "branching": "age / age", "trunk": {"name": "mlp", "width": 64}, "lr": 1e-4}
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


def test_the_file_has_the_networks_in_the_place_of_the_search():
    text = training_file(SWEEP, [CONFIG, {**CONFIG, "members": ["cost"]}])
    read = YAML(typ="safe").load(text)
    assert read["trial"] == CONFIG
    assert read["arms"] == {"network_2": {**CONFIG, "members": ["cost"]}}
    assert read["budget"] == {"trials": 3}
    assert "# what it is for" in text
    assert "# kept" in text
    assert "commented" not in text


def test_of_one_network_there_are_no_arms_and_without_a_sweep_file_there_is_its_block():
    assert "arms" not in YAML(typ="safe").load(training_file(SWEEP, [CONFIG]))
    assert YAML(typ="safe").load(training_file("", [CONFIG])) == {"trial": CONFIG}


def test_the_answer_names_each_network_with_what_it_serves(tables):
    found, design = answer(tables), tables.winner()
    assert [network.trial_id for network in found.networks] == list(design["networks"])
    served = [task for network in found.networks for task, _ in network.serves]
    assert sorted(served) == list(tables.main)
    for network in found.networks:
        members = set(tables.trial(network.trial_id)["members"])
        assert {task for task, _ in network.serves} | set(network.helpers) == members
        assert network.drawing is not None
        assert dict(network.facts)["optimizer.lr"]


def test_the_file_of_the_answer_is_the_networks_configurations(tables):
    found = answer(tables)
    configs = [json.loads(tables.trial(key)["config"]) for key in tables.winner()["networks"]]
    read = YAML(typ="safe").load(found.file)
    assert [read["trial"], *read.get("arms", {}).values()] == configs


def verdicts(tables, **said: str):
    """The tables with these verdicts on every design."""
    columns = {f"vs_{name}_verdict": verdict for name, verdict in said.items() if name != "verdict"}
    return replace(tables, summary=tables.summary.assign(**columns, verdict=said["verdict"]))


@pytest.mark.parametrize(
    ("single", "tuned", "overall", "words"),
    [
        ("better", "better", "better", None),
        (
            "better",
            "no difference shown",
            "no difference shown",
            "The smallest design that is not shown to be worse than they are: all in one, tuned, 1 network",
        ),
        ("worse", "better", "worse", "Do not train it: tuned single-task networks did better"),
        (
            "worse",
            "worse",
            "worse",
            "tuned single-task networks and all in one with tuned weights did better",
        ),
    ],
)
def test_it_says_what_the_verdicts_allow(tables, single, tuned, overall, words):
    found = answer(verdicts(tables, single_task=single, shared_tuned=tuned, verdict=overall))
    assert found.verdict == overall
    assert [tile.verdict for tile in found.tiles] == [single, tuned, ""]
    if words is None:
        assert len(found.sentences) == 1
    else:
        assert words in found.sentences[-1]


def test_before_the_confirmation_it_says_so(unconfirmed):
    found = answer(unconfirmed)
    assert found.verdict == "not confirmed"
    assert "too high" in found.tiles[0].detail
    assert "nothing yet shows" in found.sentences[0]


def test_single_task_may_win(tables):
    alone = replace(tables, designs=tables.designs[tables.designs["arm"] == "single_task"])
    found = answer(alone)
    assert found.headline == "Train each of the 5 tasks on its own."
    assert all(not network.helpers for network in found.networks)
    assert "weighting" not in dict(found.networks[0].facts)


def test_one_network_for_all(tables):
    designs = tables.designs
    one = replace(tables, designs=designs[(designs["arm"] == "shared_tuned") & (designs["n_networks"] == 1)])
    assert answer(one).headline == "Train 1 network for 5 tasks."
    assert answer(one).tiles[-1].detail == ""  # no single-task design to compare its size with


def test_without_a_design_there_is_no_answer(tables):
    assert answer(replace(tables, designs=tables.designs[:0])) is None


def test_advice_is_given_only_where_it_is_shown_to_be_better(tables, unconfirmed):
    better, none, worse = (
        answer(verdicts(tables, single_task=said, shared_tuned=said, verdict=said)).headline
        for said in ("better", "no difference shown", "worse")
    )
    assert better.startswith("Train ")
    assert none == worse == better.replace("Train ", "Best found: ")
    assert answer(unconfirmed).headline.startswith("Best found: ")


def weighted(tables, weighting: dict):
    """The tables with this weighting in every configuration."""
    configs = [json.dumps({**json.loads(text), "weighting": weighting}) for text in tables.trials["config"]]
    return replace(tables, trials=tables.trials.assign(config=configs))


def test_weights_stand_in_one_line_and_options_under_their_name(tables):
    fixed = weighted(tables, {"name": "fixed", "weights": {"b": 0.50001, "a": 2.0}})
    assert dict(answer(fixed).networks[-1].facts)["weights"] == "a 2, b 0.5"
    uneven = dict(answer(weighted(tables, {"name": "gradnorm", "alpha": 1.5})).networks[-1].facts)
    assert (uneven["weighting"], uneven["weighting.alpha"]) == ("gradnorm", "1.5")
