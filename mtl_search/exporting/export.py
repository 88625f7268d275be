"""export: a design of a sweep as a bundle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from mtl_search.arm_names import TREES
from mtl_search.bundle import AnyTrained, Description, ModelEntry, Predictor
from mtl_search.bundle.description import MODEL, DesignInfo, write_bundle
from mtl_search.bundle.devices import check_device
from mtl_search.bundle.programs import needed_for_onnx, write_onnx, write_torch_export
from mtl_search.bundle.trained_network import NETWORKS, network_folder
from mtl_search.bundle.trained_trees import TrainedTrees
from mtl_search.data import DataSpec
from mtl_search.errors import BundleError
from mtl_search.exporting.card import Card
from mtl_search.exporting.choosing import choose_design, choose_seeds
from mtl_search.exporting.mixing import with_trees
from mtl_search.exporting.networks import Networks, Wanted
from mtl_search.exporting.origin import Origin
from mtl_search.exporting.program_words import programs
from mtl_search.leaderboard import Leaderboard
from mtl_search.own import own_code as allow
from mtl_search.records import DesignRecord
from mtl_search.sweep import SweepSpec, load_sweep
from mtl_search.sweep.file import SWEEP_FILE
from mtl_search.uris import is_uri, shown

__all__ = ["Exported", "export"]

OnEpoch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made: a bundle in ``path``, and how many of its networks had to be trained for it."""

    path: Path
    design: DesignRecord
    networks: int
    trained: int
    final: bool


def export(
    directory: Path | str,
    out: Path | str,
    *,
    design: str | None = None,
    arm: str | None = None,
    networks: int | None = None,
    seeds: int | None = None,
    allow_trees: bool = False,
    final: bool = False,
    device: str = "cpu",
    onnx: bool = False,
    torch_export: bool = False,
    own_code: bool = False,
    on_epoch: OnEpoch = lambda done, planned: None,
) -> Exported:
    """Make a bundle of a sweep's recommended design, or of another one, in the folder ``out``.

    ``design`` is an id as ``mtl-search top`` shows it; ``arm`` and ``networks`` name the best design of an
    arm, of that many networks; ``seeds`` takes fewer than were confirmed. ``allow_trees`` has boosted trees
    serve the tasks that they were shown to be better for. ``final`` trains on all rows.
    What is trained is trained on ``device``, and ``on_epoch`` is told how many epochs are done, of at most
    how many. ``onnx`` and ``torch_export`` add the bundle as one program, checked on sample rows.
    ``own_code``: classes that the sweep names by ``module:Class`` are imported, which runs their modules. A
    bundle at ``out`` is replaced.

    Raises UserError if there is no such design, ``out`` is something else, or the data is needed and has
    changed; nothing is written then.
    """
    board, out = Leaderboard(directory), Path(out)
    check_free(out)
    check_device(device)
    if onnx:
        needed_for_onnx()
    with allow(allowed=own_code):
        spec = load_sweep(board.path / SWEEP_FILE)
        one = choose_design(board, design=design, arm=arm, networks=networks)
        mixed = with_trees(board, one) if allow_trees else None
        one = mixed.design if mixed else one
        makers = _makers(one, onnx, torch_export)
        on = choose_seeds(board, one, spec.settings, seeds)
        configs = dict.fromkeys(one.configs[task] for task in sorted(one.configs))
        wanted = [Wanted(config, seed) for config in configs for seed in on]
        source = Networks(board, spec, device)
        trained = wanted if final else source.missing(wanted)
        found = _get(source, wanted, trained, final, on_epoch)
        description = _described(board, spec, one, found, final)
    folders = {_folder(network): found[network] for network in wanted}
    origin = Origin.of(spec.settings.data, description.data.source, source.summary())
    card = Card(board, one, description, folders, origin, programs(description, onnx, torch_export), mixed)
    predictor = Predictor.of(description, folders)

    def also(folder: Path) -> None:
        for make in makers:
            make(predictor, folder)

    write_bundle(out, description, folders, card.text(), also)
    return Exported(out, one, len(wanted), len(trained), final)


def _makers(one: DesignRecord, onnx: bool, torch_export: bool) -> list[Callable[[Predictor, Path], None]]:
    """What writes the programs that are asked for; BundleError if the design has none."""
    if TREES in one.arms and (onnx or torch_export):
        place = "--onnx" if onnx else "--torch-export"
        raise BundleError(place, "a design of networks", "boosted trees", "leave it out: predict needs none")
    return [make for make, wished in ((write_onnx, onnx), (write_torch_export, torch_export)) if wished]


def _described(
    board: Leaderboard, spec: SweepSpec, one: DesignRecord, found: Mapping[Wanted, AnyTrained], final: bool
) -> Description:
    """The description of the bundle of these networks, in their order."""
    first, name = next(iter(found.values())), spec.settings.name
    known = {name: task for network in found.values() for name, task in network.tasks.items()}
    design = DesignInfo(sweep=name, design_id=one.design_id, arm=one.arm, text=one.text, final=final)
    value: dict[str, Any] = {
        "design": design,
        "data": _without_path(spec.settings.data),
        "fingerprint": board.trials()["data"][0].as_py(),
        "inputs": first.inputs,
        "tasks": tuple(known[name] for name in sorted(one.configs)),
        "options": {name: spec.settings.tasks[name] for name in sorted(one.configs)},
        "models": tuple(_entry(one, wanted, trained) for wanted, trained in found.items()),
        "versions": dict(first.versions),
    }
    return Description.model_validate(value)


def check_free(out: Path) -> None:
    """BundleError unless a bundle can be written there: nothing is there, an empty folder, or a bundle."""
    if not out.exists() or (out / MODEL).is_file() or (out.is_dir() and not any(out.iterdir())):
        return
    what = "a folder with other things in it" if out.is_dir() else "a file"
    raise BundleError(str(out), "no folder of that name, or a bundle to replace", what)


def _get(
    source: Networks, wanted: Sequence[Wanted], trained: Sequence[Wanted], final: bool, on_epoch: OnEpoch
) -> dict[Wanted, AnyTrained]:
    """Each network in the order that is wanted; those of ``trained`` are trained now."""
    epochs = source.best_epoch if final else source.epochs
    planned, done = sum(epochs(network.config_id) for network in trained), 0

    def count() -> None:
        nonlocal done
        done += 1
        on_epoch(done, planned)

    found = {}
    for network in wanted:
        if network not in trained:
            found[network] = source.kept(network)
            continue
        before = done
        found[network] = (source.on_all_rows if final else source.again)(network, count)
        planned -= epochs(network.config_id) - (done - before)  # it may have stopped early
    return found


def _entry(design: DesignRecord, network: Wanted, trained: AnyTrained) -> ModelEntry:
    tasks = tuple(task for task in sorted(design.configs) if design.configs[task] == network.config_id)
    kind: Literal["network", "trees"] = "trees" if isinstance(trained, TrainedTrees) else "network"
    return ModelEntry(kind=kind, folder=_folder(network), seed=network.seed, tasks=tasks)


def _folder(network: Wanted) -> str:
    return f"{NETWORKS}/{network_folder(*network)}"


def _without_path(data: DataSpec) -> DataSpec:
    """Of a path or a URI only the name: where a table lay is nobody else's business."""
    path = shown(data.source).partition("?")[0] if is_uri(data.source) else data.source
    return data.model_copy(update={"source": PurePosixPath(path).name})
