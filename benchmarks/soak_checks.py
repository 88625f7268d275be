"""What `benchmarks.soak` asks of the folder of a sweep that is over."""

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mtl_search.leaderboard import LOG_FILE, Leaderboard
from mtl_search.records import TrialState

__all__ = ["finished", "verdict"]


def finished(path: Path) -> int:
    """How many trials have ended."""
    log = path / LOG_FILE
    return log.read_bytes().count(b'\n{"finish": ') if log.exists() else 0


def verdict(path: Path, trials: int, seen: Sequence[set[str]]) -> dict[str, Any]:
    """What became of a sweep with so many trials of its search; ``seen``: the trials of each look at it.

    ``lost``: trials that were handed out, of which there is neither a record nor a start again; those that
    are missing from the budget; those that a look saw and a later one did not. ``doubled``: records, and rows
    of the plain table, that are there twice, and trials beyond the budget.
    """
    board = Leaderboard(path)
    lines = [json.loads(line) for line in (path / LOG_FILE).read_bytes().splitlines()]
    starts = [line for line in lines if "start" in line]
    finishes = Counter(line["finish"] for line in lines if "finish" in line)
    settled = {*finishes, *(start["again"] for start in starts)}
    never = [start["start"] for start in starts if start["start"] not in settled]
    gone = set().union(*(before - after for before, after in itertools.pairwise(seen)))
    frame = board.frame("trials")
    searched = frame.query("arm == 'search' and phase == 'search' and not lost")
    beyond = len(searched) - trials
    rows = Counter(frame["trial_id"])
    failed = frame[frame["state"] == TrialState.FAILED.value]
    errors = {lost: _kinds(failed[failed["lost"] == lost]["error"].tolist()) for lost in (True, False)}
    before = len(list(path.iterdir()))
    bytes_before = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    board.compact()
    return {
        "trials": len(frame),
        "lost": len(never) + len(gone) + max(0, -beyond) + len(finishes.keys() - rows.keys()),
        "doubled": sum(number - 1 for number in (*finishes.values(), *rows.values())) + max(0, beyond),
        "tried again": int(frame["lost"].sum()),
        **{f"of these {kind}": number for kind, number in errors[True].items()},
        **{f"failed: {kind}": number for kind, number in errors[False].items()},
        "interrupted and resumed": sum(start["again"] is not None for start in starts),
        "looks at the files": len(seen),
        "files": before,
        "files, compacted": len(list(path.iterdir())),
        "MB": bytes_before / 1e6,
        "MB, compacted": sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6,
    }


def _kinds(errors: Sequence[str]) -> Counter[str]:
    """Errors by what they are about."""
    words = {
        "the last time": "given up",
        "low on memory": "node short of memory",
        "node": "node lost",
        "Tune": "Tune gave up",
        "killed": "worker killed",
        "out of luck": "raised",
        "not a number": "NaN",
    }
    return Counter(next((kind for word, kind in words.items() if word in error), "other") for error in errors)
