"""What makes a folder that of a sweep."""

from pathlib import Path

from mtl_search.errors import LeaderboardError

__all__ = ["LOG_FILE", "SWEEP_FILE", "check_is_sweep"]

LOG_FILE = "trials.log"
SWEEP_FILE = "sweep.yaml"


def check_is_sweep(path: Path) -> None:
    """LeaderboardError unless ``path`` is a folder with a log, or with the tables that stand for one."""
    if not path.is_dir():
        found = "a file" if path.exists() else "no such folder"
        raise LeaderboardError(str(path), "the folder of a sweep", found)
    if (path / LOG_FILE).is_file():
        return
    missing = [table for table in ("trials", "tasks") if not (path / f"{table}.parquet").is_file()]
    if not missing:
        return
    if any((path / "trials").glob("part-*.parquet")):
        raise LeaderboardError(
            str(path),
            f"{LOG_FILE} and one Parquet file a table",
            "a folder of part files a table, the format of version 0.1",
            "pandas.read_parquet reads it; to go on, run its sweep.yaml again under another --name",
        )
    raise LeaderboardError(
        str(path), "the folder of a sweep", f"one without {LOG_FILE} and without table {missing[0]!r}"
    )
