import math
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mtl_search.analysis import summarise
from mtl_search.leaderboard import SCHEMAS, Leaderboard
from mtl_search.records import DesignRecord, SummaryRecord
from tests.fixtures.boards import TASKS as INFOS
from tests.fixtures.frames import TASKS, metrics, trials
from tests.fixtures.sweeps import synthetic_sweep

SEEDS = (1, 2, 3)
AGE = {"single": (10.0, 10.2, 9.8), "tuned": (9.5, 9.8, 9.4), "found": (9.0, 9.1, 8.9)}
DEATH = {"single": (0.80, 0.81, 0.79), "tuned": (0.79, 0.80, 0.78), "found": (0.82, 0.84, 0.80)}


def design(arm: str, n: int, age: str, death: str, *, chosen: bool = False) -> DesignRecord:
    networks = tuple(sorted({age, death}))
    return DesignRecord(
        design_id=f"{age}, {death}",
        arm=arm,
        arms=(arm,),
        chosen=chosen,
        n_networks=n,
        text=f"{arm} {n}",
        configs={"age": age, "death": death},
        networks=networks,
        serves={"age": age, "death": death},
        gains={},
        n_params=10 * len(networks),
        flops=20 * len(networks),
        delta_m=5.0,
    )


DESIGNS = [
    design("single_task", 2, "single age", "single death"),
    design("shared_tuned", 1, "tuned", "tuned"),
    design("search", 1, "found", "found", chosen=True),
    design("search", 2, "found", "single death"),
]
NETWORKS = ("single age", "single death", "tuned", "found")


def values(network: str, task: str, seed: int) -> float:
    table = {"age": AGE, "death": DEATH}[task]
    return table[network.split()[0]][SEEDS.index(seed)]


def serves(network: str) -> tuple[str, ...]:
    return (network.split()[1],) if network.startswith("single") else ("age", "death")


def tables(seeds: tuple[int, ...] = SEEDS, groups: int = 0) -> tuple[Any, ...]:
    """The tables of a search and its confirmation on ``seeds``; test values as in AGE and DEATH."""
    searched = [{"trial_id": network, "device_seconds": 5.0, "arm": "search"} for network in NETWORKS]
    again = [
        {
            "trial_id": f"{network}@{seed}",
            "config_id": network,
            "seed": seed,
            "phase": "confirmation",
            "train_seconds": 2.0 + seed,
        }
        for network in NETWORKS
        for seed in seeds
    ]
    measured = [
        (f"{network}@{seed}", task, "test", values(network, task, seed), math.nan)
        for network in NETWORKS
        for seed in seeds
        for task in serves(network)
    ]
    resamples = [
        {
            "trial_id": f"{network}@{seed}",
            "task": task,
            "left_out": group,
            "value": values(network, task, seed) * (1 + 0.08 * group * (network == "found")),
        }
        for network in NETWORKS
        for seed in seeds
        for task in serves(network)
        for group in range(groups)
    ]
    return (
        trials(*searched, *again),
        metrics(*measured),
        pd.DataFrame(resamples, columns=["trial_id", "task", "left_out", "value"]).assign(split="test"),
        DESIGNS,
        TASKS,
    )


def by_design(rows: list[SummaryRecord]) -> dict[tuple[str, int], SummaryRecord]:
    return {(row.arm, row.n_networks): row for row in rows}


def gains(network: str, task: str) -> np.ndarray:
    """In percent over the mean of single-task: 10 for age, 0.8 for death."""
    if task == "age":
        return (10.0 - np.array(AGE[network])) / 10.0 * 100
    return (np.array(DEATH[network]) - 0.8) / 0.8 * 100


def test_delta_m_and_gains_are_those_by_hand() -> None:
    rows = by_design(summarise(*tables()))
    found = rows["search", 1]
    delta = (gains("found", "age") + gains("found", "death")) / 2
    assert found.delta_m == pytest.approx(delta.mean())
    assert found.delta_m_sd == pytest.approx(delta.std(ddof=1))
    single = (gains("single", "age") + gains("single", "death")) / 2  # which scatters as well
    low, high = stats.ttest_rel(delta, single).confidence_interval()
    assert (found.delta_m_low, found.delta_m_high) == pytest.approx((low, high))
    assert found.delta_m_low == pytest.approx(found.vs_single_task.low)
    assert rows["single_task", 2].delta_m == pytest.approx(0.0)
    low, high = stats.ttest_1samp(single, 0).confidence_interval()
    reference = rows["single_task", 2]
    assert (reference.delta_m_low, reference.delta_m_high) == pytest.approx((low, high))
    assert found.delta_m_valid == DESIGNS[2].delta_m
    age, death = found.tasks
    assert (age.task, death.task) == ("age", "death")
    assert age.value == pytest.approx(9.0)
    assert age.gain == pytest.approx(10.0)
    assert death.gain == pytest.approx(2.5)
    assert death.gain_sd == pytest.approx(gains("found", "death").std(ddof=1))


def test_comparisons_are_paired_t_tests() -> None:
    rows = by_design(summarise(*tables()))
    found = (gains("found", "age") + gains("found", "death")) / 2
    mixed = (gains("found", "age") + gains("single", "death")) / 2
    single = (gains("single", "age") + gains("single", "death")) / 2
    tuned = (gains("tuned", "age") + gains("tuned", "death")) / 2
    p = {name: stats.ttest_rel(d, single).pvalue for name, d in (("f", found), ("m", mixed), ("t", tuned))}
    assert rows["search", 1].vs_single_task.p == pytest.approx(p["f"])
    assert rows["search", 2].vs_single_task.p == pytest.approx(p["m"])
    assert rows["shared_tuned", 1].vs_single_task.p == pytest.approx(p["t"])
    assert rows["search", 1].vs_reference.difference == pytest.approx((found - tuned).mean())
    assert {row.reference for row in rows.values()} == {"shared_tuned"}


def test_a_group_without_which_a_task_is_undefined_does_not_count() -> None:
    frames = list(tables(groups=4))
    plain = by_design(summarise(*frames))
    resamples = frames[2]
    assert len(resamples) > 0
    assert math.isfinite(plain["search", 1].delta_m_low)
    group = resamples["left_out"].min()
    frames[2] = resamples.assign(
        value=resamples["value"].mask((resamples["left_out"] == group) & (resamples["task"] == "age"))
    )
    without = [*frames]
    without[2] = resamples[resamples["left_out"] != group]
    gone, left = by_design(summarise(*frames)), by_design(summarise(*without))
    assert gone["search", 1].delta_m_low == pytest.approx(left["search", 1].delta_m_low)


def test_a_reference_is_not_compared_with_itself() -> None:
    rows = by_design(summarise(*tables()))
    assert rows["single_task", 2].vs_single_task.verdict is None
    assert math.isnan(rows["single_task", 2].vs_single_task.p)
    assert rows["single_task", 2].tasks[0].verdict is None
    assert rows["shared_tuned", 1].vs_reference.verdict is None
    assert rows["shared_tuned", 1].vs_single_task.verdict is not None


def test_verdicts_follow_from_the_corrected_p_values() -> None:
    for row in summarise(*tables()):
        for name in ("single_task", "reference"):
            compared = getattr(row, f"vs_{name}")
            if compared.verdict is not None:
                assert (compared.verdict != "no difference shown") == (compared.p_corrected < 0.05)


def test_costs_are_those_of_all_networks_and_of_the_arm() -> None:
    rows = by_design(summarise(*tables()))
    assert rows["search", 2].train_seconds == pytest.approx(2 * (2.0 + 2.0))
    assert rows["search", 2].arm_trials == 4
    assert rows["search", 2].arm_device_seconds == 20.0
    assert rows["single_task", 2].arm_trials == 0


def test_the_sampling_of_test_rows_widens_what_depends_on_it() -> None:
    plain, resampled = by_design(summarise(*tables())), by_design(summarise(*tables(groups=10)))
    narrow, wide = plain["search", 1], resampled["search", 1]
    assert wide.delta_m == pytest.approx(narrow.delta_m)
    assert wide.delta_m_high - wide.delta_m_low > narrow.delta_m_high - narrow.delta_m_low
    assert wide.vs_single_task.p > narrow.vs_single_task.p
    assert wide.tasks[0].gain_high > narrow.tasks[0].gain_high
    same = [rows["single_task", 2].delta_m_high for rows in (plain, resampled)]
    assert same[0] == pytest.approx(same[1])


def test_a_seed_on_which_a_network_failed_is_left_out_for_its_designs() -> None:
    frames = list(tables())
    frames[0].loc[frames[0]["trial_id"] == "found@2", "state"] = "failed"
    rows = by_design(summarise(*frames))
    assert rows["search", 1].seeds == rows["search", 2].seeds == (1, 3)
    assert rows["shared_tuned", 1].seeds == (1, 2, 3)
    ages, deaths = (
        np.array([table[name] for name in ("found", "single")])[:, [0, 2]] for table in (AGE, DEATH)
    )
    of_age = -(ages - ages[1].mean()) / ages[1].mean()  # over the reference's mean on the seeds both have
    found, single = (of_age + (deaths - deaths[1].mean()) / deaths[1].mean()) / 2
    assert rows["search", 1].vs_single_task.p == pytest.approx(stats.ttest_rel(found, single).pvalue)
    assert "2 seeds: fewer than 3 show little" in rows["search", 1].caveats


def test_a_design_that_was_not_trained_again_is_not_in_it() -> None:
    frames = list(tables())
    frames[0] = frames[0][frames[0]["config_id"] != "tuned"].reset_index(drop=True)
    frames[3] = [one for one in DESIGNS if one.arm != "shared_tuned"]
    rows = by_design(summarise(*frames))
    assert set(rows) == {("single_task", 2), ("search", 1), ("search", 2)}
    assert all(math.isnan(row.vs_reference.p) for row in rows.values())
    assert {row.reference for row in rows.values()} == {None}
    assert any("tuned fixed weights" in note for note in rows["search", 1].caveats)


def test_one_seed_says_nothing_but_means() -> None:
    rows = by_design(summarise(*tables(seeds=(1,))))
    assert rows["search", 1].delta_m == pytest.approx((10.0 + 2.5) / 2)
    assert all(row.verdict == "no difference shown" for row in rows.values())
    assert all(math.isnan(row.vs_single_task.low) for row in rows.values())


def test_without_single_task_there_is_no_gain() -> None:
    frames = list(tables())
    frames[3] = [one for one in DESIGNS if one.arm != "single_task"]
    for row in summarise(*frames):
        assert math.isnan(row.delta_m)
        assert row.verdict == "no difference shown"
        assert row.tasks[0].value > 0


def test_before_the_confirmation_it_is_empty() -> None:
    frames = list(tables())
    frames[0] = frames[0][frames[0]["phase"] == "search"]
    frames[1] = frames[1][:0]
    assert summarise(*frames) == []


def test_records_survive_the_table(tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path, INFOS)
    rows = summarise(*tables(groups=3))
    board.write_summary(rows)
    assert repr(board.summary_records()) == repr(rows), "as text, in which NaN equals NaN"
    assert board.frame("summary")["delta_m"].tolist() == [row.delta_m for row in rows]
    assert not set(SCHEMAS["summary"].names) ^ set(board.frame("summary"))


def test_independent_tasks_show_no_difference(tmp_path: Path) -> None:
    """On made-up sweeps where no companion helps, the searched design is hardly ever called better."""
    said = []
    for seed in range(4):
        board = synthetic_sweep(tmp_path / str(seed), trials=20, effect=0.0, seed=seed)
        summary = board.frame("summary")
        said += summary.loc[summary["chosen"].astype(bool), "verdict"].tolist()
    assert said.count("better") <= 1


def renamed(frames: list[Any], names: dict[str, str]) -> list[Any]:
    """The tables with other names for the tasks."""
    trials_, metrics_, resamples, tasks = (frames[at].copy() for at in (0, 1, 2, 4))
    for frame in (metrics_, resamples, tasks):
        frame["task"] = frame["task"].map(names)
    designs = [
        replace(one, configs={names[task]: key for task, key in one.configs.items()}) for one in frames[3]
    ]
    return [trials_, metrics_, resamples, designs, tasks]


def test_the_names_of_tasks_do_not_matter() -> None:
    rows = by_design(summarise(*tables(groups=4)))
    names = {"age": "z", "death": "a", "ward": "m"}  # another order too
    again = by_design(summarise(*renamed(list(tables(groups=4)), names)))
    for key, row in rows.items():
        for name in ("delta_m", "delta_m_high", "vs_single_task.p_corrected", "vs_reference.low"):
            assert attrgetter(name)(again[key]) == pytest.approx(attrgetter(name)(row), nan_ok=True)
        assert [task.task for task in again[key].tasks] == ["a", "z"]


def test_the_unit_of_a_metric_does_not_matter() -> None:
    rows = by_design(summarise(*tables(groups=4)))
    frames = list(tables(groups=4))
    for at in (1, 2):
        frames[at]["value"] = frames[at]["value"] * frames[at]["task"].map({"age": 365.0, "death": 1.0})
    again = by_design(summarise(*frames))
    for key, row in rows.items():
        assert again[key].delta_m == pytest.approx(row.delta_m, abs=1e-9)
        assert again[key].vs_single_task.p == pytest.approx(row.vs_single_task.p, nan_ok=True)


def test_one_more_design_makes_the_others_less_sure_and_changes_nothing_else() -> None:
    few = by_design(summarise(*tables()))
    frames = list(tables())
    frames[3] = [*DESIGNS, design("mine", 1, "tuned", "found")]
    many = by_design(summarise(*frames))
    for key, row in few.items():
        assert many[key].vs_single_task.p == pytest.approx(row.vs_single_task.p, nan_ok=True)
        assert many[key].delta_m == row.delta_m
        if not math.isnan(row.vs_single_task.p):
            before, after = (rows[key].vs_single_task.p_corrected for rows in (few, many))
            assert after == before if row.chosen else after >= before, "the primary test is one of its own"


def test_rows_come_best_first() -> None:
    found = [row.delta_m for row in summarise(*tables())]
    assert found == sorted(found, reverse=True)


def test_a_task_whose_reference_is_at_its_floor_is_left_out() -> None:
    frames = list(tables())
    frames[4] = TASKS.assign(floor=[20.0, 0.0, 0.0])  # age: no reference above it
    row = by_design(summarise(*frames))["search", 1]
    assert any("not part of delta_m: age (" in note for note in row.caveats)
    assert math.isnan(row.tasks[0].gain)
    assert row.tasks[0].verdict == "no difference shown"
    assert row.delta_m == pytest.approx(2.5)


def test_undefined_on_one_seed_is_left_out_there() -> None:
    frames = list(tables())
    undefined = (frames[1]["trial_id"] == "found@2") & (frames[1]["task"] == "death")
    frames[1].loc[undefined, "value"] = math.nan
    row = by_design(summarise(*frames))["search", 1]
    age, death = gains("found", "age"), gains("found", "death")
    by_seed = [(age[0] + death[0]) / 2, age[1], (age[2] + death[2]) / 2]
    assert row.delta_m == pytest.approx(np.mean(by_seed))
    assert row.n_seeds == 3


def test_a_better_design_is_called_better_where_it_is(tmp_path: Path) -> None:
    """On made-up sweeps with strong help between tasks."""
    said = []
    for seed in range(3):
        board = synthetic_sweep(tmp_path / str(seed), trials=30, effect=4.0, seed=seed)
        summary = board.frame("summary")
        (chosen,) = summary[summary["chosen"].astype(bool)].to_dict("records")
        said.append(chosen["verdict"])
        assert chosen["gain_of_sharing_low"] > 0
    assert said == ["better"] * 3


def test_a_task_that_has_no_reference_on_test_alone_is_named() -> None:
    frames = list(tables())
    frames[4] = TASKS.assign(floor=[9.9, 0.0, 0.0], reference=[10.0, 0.8, 0.5])
    frames[1] = frames[1].assign(value=frames[1]["value"].where(frames[1]["task"] != "age", 9.0))
    row = by_design(summarise(*frames))["search", 1]
    assert math.isnan(row.tasks[0].gain)
    assert any(note.startswith("no gain on test") and "age" in note for note in row.caveats)


def test_weights_count_in_delta_m() -> None:
    frames = list(tables())
    assert by_design(summarise(*frames))["search", 1].delta_m == pytest.approx((10.0 + 2.5) / 2)
    frames[4] = TASKS.assign(weight=[3.0, 1.0, 1.0])
    assert by_design(summarise(*frames))["search", 1].delta_m == pytest.approx((3 * 10.0 + 2.5) / 4)


def test_a_lost_training_of_a_reference_leaves_the_other_seeds_as_they_are() -> None:
    """Gains on common seeds: what is left is what would have been found without that seed at all."""
    frames, never = list(tables()), summarise(*tables(seeds=(1, 3)))
    frames[0].loc[frames[0]["trial_id"] == "single age@2", ["state", "error"]] = [
        "failed",
        "WorkerDied: gone",
    ]
    rows = by_design(summarise(*frames))
    for key, row in by_design(never).items():
        for name in ("delta_m", "delta_m_low", "vs_single_task.p", "vs_reference.difference"):
            assert attrgetter(name)(rows[key]) == pytest.approx(attrgetter(name)(row), nan_ok=True)
        assert rows[key].seeds == (1, 3)
    named = [note for note in rows["search", 1].caveats if note.startswith("missing in the confirmation")]
    assert "on seed 2 (WorkerDied: gone)" in named[0]


@pytest.mark.parametrize(("reading", "alpha"), [(None, 0.05), (1, 0.05), (2, 0.025), (3, 0.0125)])
def test_each_further_reading_of_test_is_at_half_the_level(reading: int | None, alpha: float) -> None:
    frames = list(tables())
    again = frames[0]["phase"] == "confirmation"
    frames[0]["reading"] = pd.Series(1, index=frames[0].index).where(again)
    if reading is None:
        del frames[0]["reading"]
    else:
        frames[0].loc[frames[0]["trial_id"] == "found@1", "reading"] = reading
    row = by_design(summarise(*frames))["search", 1]
    assert (row.reading, row.alpha) == (reading or 1, alpha)
    found, single = ((gains(name, "age") + gains(name, "death")) / 2 for name in ("found", "single"))
    low, high = stats.ttest_rel(found, single).confidence_interval(1 - alpha)
    assert (row.delta_m_low, row.delta_m_high) == pytest.approx((low, high))
    assert any("test was read" in note for note in row.caveats) == (alpha < 0.05)


def test_another_recommended_design_is_a_further_reading() -> None:
    """Its networks were all confirmed before, so nothing was trained, but test was known."""
    frames = list(tables())
    again: Any = summarise
    before = summarise(*frames)
    assert {row.reading for row in again(*frames, before)} == {1}
    frames[3] = [replace(one, chosen=at == 0) for at, one in enumerate(DESIGNS)]
    assert {row.reading for row in again(*frames, before)} == {2}
    now = again(*frames, before)
    assert {row.reading for row in again(*frames, now)} == {2}


@pytest.mark.parametrize(("groups", "named"), [(0, True), (4, False)])
def test_intervals_of_seeds_alone_are_named(groups: int, named: bool) -> None:
    row = summarise(*tables(groups=groups))[0]
    assert any("not resampled" in note for note in row.caveats) == named
