"""export: a design of a sweep as a bundle."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from mtl_search.bundle import Description, ModelEntry, TrainedNetwork
from mtl_search.bundle.description import MODEL, DesignInfo, write_bundle
from mtl_search.bundle.trained_network import NETWORKS, network_folder
from mtl_search.data import DataSpec
from mtl_search.errors import BundleError
from mtl_search.exporting.choosing import choose_design, choose_seeds
from mtl_search.exporting.networks import Networks, Wanted
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord
from mtl_search.sweep import load_sweep
from mtl_search.sweep.file import SWEEP_FILE

__all__ = ["export"]


def export(
    directory: Path | str,
    out: Path | str,
    *,
    design: str | None = None,
    arm: str | None = None,
    networks: int | None = None,
    seeds: int | None = None,
) -> Path:
    """Make a bundle of a sweep's recommended design, or of another one, in the folder ``out``.

    ``design`` is an id as ``mtl-search top`` shows it; ``arm`` and ``networks`` name the best design of an
    arm, of that many networks; ``seeds`` takes fewer than were confirmed. A bundle at ``out`` is replaced.
    Raises UserError if there is no such design, or ``out`` is something else; nothing is written then.
    """
    board, out = Leaderboard(directory), Path(out)
    check_free(out)
    spec = load_sweep(board.path / SWEEP_FILE)
    one = choose_design(board, design=design, arm=arm, networks=networks)
    on = choose_seeds(board, one, spec.settings, seeds)
    found = Networks(board, spec).get([Wanted(config, seed) for config in _configs(one) for seed in on])
    entries = list(_entries(one, found))
    first = next(iter(found.values()))
    known = {name: task for trained in found.values() for name, task in trained.tasks.items()}
    description = Description.model_validate(
        {
            "design": DesignInfo(
                sweep=spec.settings.name, design_id=one.design_id, arm=one.arm, text=one.text
            ),
            "data": _without_path(spec.settings.data),
            "fingerprint": board.trials()["data"][0].as_py(),
            "inputs": first.inputs,
            "tasks": tuple(known[name] for name in sorted(one.configs)),
            "options": {name: spec.settings.tasks[name] for name in sorted(one.configs)},
            "models": tuple(entries),
            "versions": dict(first.versions),
        }
    )

    folders = {entry.folder: trained for entry, trained in zip(entries, found.values(), strict=True)}
    write_bundle(out, description, folders, f"# {spec.settings.name}\n")
    return out


def check_free(out: Path) -> None:
    """BundleError unless a bundle can be written there: nothing is there, an empty folder, or a bundle."""
    if not out.exists() or (out / MODEL).is_file() or (out.is_dir() and not any(out.iterdir())):
        return
    what = "a folder with other things in it" if out.is_dir() else "a file"
    raise BundleError(str(out), "no folder of that name, or a bundle to replace", what)


def _configs(design: DesignRecord) -> list[str]:
    return list(dict.fromkeys(design.configs[task] for task in sorted(design.configs)))


def _entries(design: DesignRecord, found: Mapping[Wanted, TrainedNetwork]) -> Iterator[ModelEntry]:
    for wanted in found:
        tasks = tuple(task for task in sorted(design.configs) if design.configs[task] == wanted.config_id)
        folder = f"{NETWORKS}/{network_folder(*wanted)}"
        yield ModelEntry(folder=folder, seed=wanted.seed, tasks=tasks)


def _without_path(data: DataSpec) -> DataSpec:
    """Of a path only the name: where a table lay is nobody else's business."""
    return data.model_copy(update={"source": PurePosixPath(data.source).name})
