"""Is anything lost when thousands of short trials meet all kinds of faults?

A sweep of 2,000 trials of the search, and what comes after it, with the real studies, ledger and leaderboard,
as Tune would drive them. A worker takes seconds to start, so workers are stand-ins of no time that fail in
every way: killed, gone with their node, killed for want of memory, all at once as Tune gives up; an error, a
NaN. (Faults of real workers and nodes have their tests in ``tests/faults``.) The driver is a real process,
which is killed at random moments and resumes.

All along the plain files are read as pandas would. In the end: is each trial there once, and each arm's
budget spent to the trial? How much does the memory of the driver grow? How many files are there?

    python -m benchmarks.soak [--quick] [--trials 2000] [--kills 10] [--seed 0]
"""

import argparse
import json
import random
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import final

import numpy as np
import pandas as pd
import psutil

from benchmarks.soak_checks import finished, verdict

TRIALS, QUICK, KILLS = 2_000, 60, 10
PATIENCE = 600.0  # seconds without a trial that ends
LOOK = 0.25
WARM = 50  # trials after which a driver has imported all that it needs


def main() -> None:
    """Run the sweep and print what became of it."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="60 trials, and a driver that is killed once")
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--kills", type=int, default=KILLS, help="of the driver")
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which it is killed")
    arguments = parser.parse_args()
    trials, kills = (QUICK, 1) if arguments.quick else (arguments.trials, arguments.kills)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        soak = Soak(Path(folder), trials, kills, random.Random(arguments.seed))
        soak.run()
        found = verdict(soak.path, trials, soak.seen)
    found |= {
        "drivers": soak.drivers,
        "KiB a trial, of the driver's memory": soak.memory(),
        "minutes": (time.monotonic() - began) / 60,
    }
    for name, value in found.items():
        print(f"{name:<36} " + (f"{value:10.2f}" if isinstance(value, float) else f"{value!s:>10}"))
    print(f"\n{json.dumps(found)}")
    if found["lost"] or found["doubled"]:
        raise SystemExit("trials were lost or doubled")


@final
class Soak:
    """One sweep, its driver, and what happens to it."""

    def __init__(self, folder: Path, trials: int, kills: int, moments: random.Random) -> None:
        self.path, self._folder, self._trials = folder / "soak", folder, trials
        self._moments = sorted(moments.randint(0, trials) for _ in range(kills))
        self._samples: list[list[tuple[int, float]]] = []
        self.drivers = 0
        self.seen: list[set[str]] = []  # trials, each time the plain files were read

    def run(self) -> None:
        """From the first trial to the last, by as many drivers as it takes."""
        make_table(self._folder / "table.parquet")
        while self._drive() != 0:
            pass

    def memory(self) -> float:
        """KiB by which the driver grows with each trial; of the one that has seen the most of them."""
        warm = [[one for one in found if one[0] > found[0][0] + WARM] for found in self._samples]
        longest = max(warm, key=lambda found: found[-1][0] - found[0][0] if found else 0)
        if len(longest) < 3:
            return float("nan")
        trials, memory = zip(*longest, strict=True)
        return float(np.polyfit(trials, memory, 1)[0]) / 1024

    def _drive(self) -> int:
        """One driver, to its end; 0 if that is the sweep's."""
        self.drivers += 1
        self._samples.append([])
        command = [sys.executable, "-m", "benchmarks.soak_driver", str(self._folder), str(self._trials)]
        log = self._folder / "driver.log"
        with log.open("ab") as file:
            driver = psutil.Popen(command, stdout=file, stderr=file)
        last, since = finished(self.path), time.monotonic()
        while driver.poll() is None:
            time.sleep(LOOK)
            number = finished(self.path)
            if number > last:
                last, since = number, time.monotonic()
            self._look(driver, number)
            late = time.monotonic() - since > PATIENCE
            if late or (self._moments and number >= self._moments[0]):
                driver.kill()
                driver.wait()
                self._moments = self._moments[1:]
            if late:
                raise SystemExit(f"no trial has ended for {PATIENCE:g} s:\n{log.read_text()[-4000:]}")
        if driver.returncode not in (0, -9):
            raise SystemExit(f"the driver ended with {driver.returncode}:\n{log.read_text()[-4000:]}")
        return int(driver.returncode)

    def _look(self, driver: psutil.Process, number: int) -> None:
        """As somebody who knows nothing of the sweep."""
        with suppress(psutil.Error):
            self._samples[-1].append((number, float(driver.memory_info().rss)))
        table = self.path / "trials.parquet"
        if table.exists():
            found = pd.read_parquet(table, columns=["trial_id"])["trial_id"]
            if not found.is_unique:
                raise SystemExit("a reader saw a trial twice")
            self.seen.append(set(found))


def make_table(path: Path) -> None:
    """The data of the sweep."""
    inputs_NF = np.random.default_rng(0).normal(size=(400, 4))
    columns = {f"x{number}": column for number, column in enumerate(inputs_NF.T)}
    targets = {"cost": inputs_NF[:, :2].sum(1), "ill": np.where(inputs_NF[:, 1] > 0, "yes", "no")}
    pd.DataFrame(columns | targets).to_parquet(path)


if __name__ == "__main__":
    main()
