"""Networks with experts on the page: what is drawn, what the maps say, where they stand."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from mtl_search.analysis.gates import GateLevel
from mtl_search.report import write_report
from mtl_search.report.answer import answer
from mtl_search.report.choices import choices
from mtl_search.report.experts import draw_experts
from mtl_search.report.gates import GateCell, gate_maps
from mtl_search.report.pictures import examples, picture
from mtl_search.report.tables import Tables
from tests.fixtures.experts import WAYS
from tests.fixtures.sweeps import synthetic_sweep

MEMBERS = ("age", "cost")
MMOE = GateLevel(
    ("shared 1", "shared 2", "shared 3"),
    {
        "age": {"shared 1": 0.75, "shared 2": 0.25, "shared 3": 0.0},
        "cost": {"shared 1": 0.0, "shared 2": 0.5, "shared 3": 0.5},
    },
)
PLE = GateLevel(
    ("shared 1", "age 1", "age 2", "cost 1", "cost 2"),
    {
        "age": {"shared 1": 0.2, "age 1": 0.3, "age 2": 0.5},
        "cost": {"shared 1": 0.6, "cost 1": 0.1, "cost 2": 0.3},
    },
)
STITCH = GateLevel(MEMBERS, {"age": {"age": 1.25, "cost": -0.25}, "cost": {"age": 0.001, "cost": 0.9}})
LEVELS = {"mmoe": (MMOE,), "ple": (PLE, PLE, PLE), "cross_stitch": (STITCH, STITCH)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("experts")
    synthetic_sweep(path, trials=20, experts=True)
    return path


@pytest.fixture(scope="module")
def soft(path: Path) -> Tables:
    return Tables.read(path)


@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize("before", [0, 2])
def test_every_expert_gate_and_member_has_a_place_of_its_own(
    levels: tuple[GateLevel, ...], before: int
) -> None:
    drawing = draw_experts(levels, before, MEMBERS, ["age"], "text")
    experts = [block for block in drawing.blocks if not block.title.startswith("stage")]
    assert len(experts) == sum(len(level.experts) for level in levels)
    assert len({(block.x, block.y) for block in experts}) == len(experts)
    for x in {block.x for block in experts}:
        column = sorted((block.y, block.height) for block in experts if block.x == x)
        assert all(y + height < below for (y, height), (below, _) in pairwise(column))
    assert all(b.y >= 0 and b.y + b.height <= drawing.height for b in drawing.blocks)
    of_members = [gate for gate in drawing.gates if "shared" not in gate.title]
    assert len(of_members) == len(levels) * len(MEMBERS)
    assert [(label.name, label.served) for label in drawing.labels] == [("age", True), ("cost", False)]
    assert {label.y for label in drawing.labels} == {gate.y for gate in of_members}
    assert drawing.width > max(label.x for label in drawing.labels)


def test_links_are_as_strong_as_the_gates_and_only_there() -> None:
    drawing = draw_experts([PLE], 0, MEMBERS, MEMBERS, "text")
    rows = {label.y: label.name for label in drawing.labels}
    experts = {block.y + block.height / 2: block.title for block in drawing.blocks}
    gate_x = {gate.x for gate in drawing.gates}
    into = {
        (rows[link.to_y], experts[link.y]): link.strength for link in drawing.links if link.to_x in gate_x
    }
    assert into == {(task, expert): w for task, taken in PLE.weights.items() for expert, w in taken.items()}


def test_own_experts_stand_below_each_other() -> None:
    (found,) = gate_maps([PLE], 0, MEMBERS)
    assert found.groups == (("shared", 1), ("own", 2))
    assert [[cell.text for cell in cells] for _, cells in found.rows] == [
        [".20", ".30", ".50"],
        [".60", ".10", ".30"],
    ]
    assert [cell.depth for cell in found.rows[0][1]] == [20, 30, 50]


def test_a_stitch_names_its_columns_and_may_take_away() -> None:
    (found,) = gate_maps([STITCH], 2, MEMBERS)
    assert found.title == "Stitch after stage 3"
    assert [name for _, name in found.columns] == list(MEMBERS)
    age, cost = (cells for _, cells in found.rows)
    assert age == (GateCell("1.25", 100), GateCell("−.25", 20, negative=True))
    assert cost[0] == GateCell(".00", 0)


def test_levels_have_a_map_each() -> None:
    titles = [found.title for found in gate_maps([PLE, PLE], 1, MEMBERS)]
    assert titles == ["Mean gates, stage 2", "Mean gates, stage 3"]


def test_the_best_network_of_each_arm_is_an_example_unless_the_design_has_it(soft: Tables) -> None:
    everything = examples(replace(soft, designs=[], summary=[]))
    assert {one.arm for one in everything} == set(WAYS)
    for one in everything:
        best = soft.evidence.query(f"arm == '{one.arm}'").sort_values("mean_gain").iloc[-1]
        assert one.trial_id == best["trial_id"]
        assert one.picture.drawing is not None
        assert one.picture.gates
    in_design = soft.advised.networks
    assert {one.trial_id for one in everything} & set(in_design)
    assert examples(soft) == tuple(one for one in everything if one.trial_id not in in_design)


def test_stages_before_the_experts_are_drawn(soft: Tables) -> None:
    trial = soft.trial(soft.evidence.query("arm == 'mmoe'")["trial_id"].iloc[0])
    drawing = picture(trial, trial["members"], soft).drawing
    assert [name for _, name in drawing.stages] == ["stage 1", "experts"]


def test_ways_of_sharing_are_compared(soft: Tables) -> None:
    ways, stages, _ = choices(soft).panels
    assert set(json.loads(ways.json)["layout"]["xaxis"]["categoryarray"]) == {"tree", *WAYS}
    assert json.loads(stages.json)["layout"]["xaxis"]["categoryarray"] == ["1", "2", "3"]


def test_the_page_shows_them(path: Path, soft: Tables) -> None:
    text = write_report(path).read_text()
    assert "What the tasks take from the experts" in text
    shown = [*answer(soft).networks, *examples(soft)]
    assert text.count('<div class="gates">') == sum(len(one.picture.gates) for one in shown) > 0
    assert 'href="#term-gate"' in text


def test_a_card_says_the_way_of_sharing_with_its_options(soft: Tables) -> None:
    cards = [one for one in answer(soft).networks if one.picture.gates]
    assert cards
    for one in cards:
        facts = dict(one.facts)
        assert facts["sharing"] == soft.trial(one.trial_id)["sharing"] == one.picture.text
        assert not any(name.startswith("sharing.") for name in facts)
