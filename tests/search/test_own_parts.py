"""A whole sweep in which a way of sharing, an encoder and a trunk are a user's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.leaderboard import Leaderboard
from mtl_search.report import write_report
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec

MakeSpec = Callable[..., SweepSpec]
PARTS = "tests.fixtures.parts"
OWN: dict[str, dict[str, Any]] = {
    "experts": {"sharing": {"name": f"{PARTS}:Experts", "n": {"int": [2, 3]}}},
    "tokens": {
        "encoder": {"name": f"{PARTS}:Tokens", "width": {"int": [2, 6]}},
        "trunk": {"name": f"{PARTS}:Stepwise", "stages": 2},
    },
}


def check_gates(board: Leaderboard) -> None:
    """Every network with experts that came to its end says what each task takes from each of them."""
    gates = board.frame("gates").groupby(["trial_id", "task"])["weight"].agg(["size", "sum"])
    ended = board.frame("trials").query("sharing.str.contains('experts') and state == 'complete'")
    trained = ended[ended["duplicate_of"].isna()].set_index("trial_id")
    assert set(gates.index.get_level_values("trial_id")) == set(trained.index)
    assert {"search", "confirmation"} <= set(trained["phase"])
    assert gates["sum"].to_numpy() == pytest.approx(1.0)
    experts = trained["sharing"].str[0].astype(int)
    assert (gates["size"] == experts.reindex(gates.index, level="trial_id")).all()


@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
def test_a_sweep_of_it_has_an_answer(own: dict[str, Any], tiny_spec: MakeSpec, tmp_path: Path) -> None:
    trial = {"members": "all", **own}
    spec = tiny_spec(trial=trial, budget={"trials": 3, "repeats": 1, "finalists": 2, "seeds": 2})
    result = run_sweep(spec, tmp_path, inline=True)
    records = [record for record in result.board.records() if record.arm == "search"]
    assert not any(record.error for record in records)
    if "sharing" in own:
        assert {record.sharing for record in records} <= {"2 experts", "3 experts"}
        assert "sharing.n" in records[0].params
        check_gates(result.board)
    assert len(result.board.frame("summary"))
    assert write_report(result.path)
