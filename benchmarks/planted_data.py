"""Data whose best design is known, because it was planted: what a search must find."""

# N rows, F inputs, K directions, T tasks

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import model_validator
from torch import nn
from typing_extensions import override

from mtl_search.data import Dataset, DataSpec, SplitSpec, dataset_from_table
from mtl_search.design import Branching
from mtl_search.features import FeatureSpec, VectorSpec, width_for
from mtl_search.model import Trunk
from mtl_search.records import Role
from tests.fixtures.data import task_configs

__all__ = [
    "LinearStages",
    "Planted",
    "Sample",
    "labelled_dataset",
    "planted_auxiliary",
    "planted_clusters",
    "planted_independent",
    "planted_narrow",
    "planted_pairs",
    "planted_spoiler",
    "planted_tree",
    "trial_block",
]

Floats = npt.NDArray[np.float64]
Members = tuple[str, ...]

ALIKE = 0.5  # correlation of what different clusters measure: lines that meet at 60 degrees
AUXILIARY = {"kind": "regression", "role": "auxiliary"}
BOTTLENECK = {"name": "mlp", "stages": 1, "width": 1, "activation": "silu"}
ROOMY = {"name": "mlp", "stages": 1, "width": 8, "activation": "silu"}
STAGES = 3
PLANE = 3  # units; two would do, and one more trains more easily


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How much is seen of a planted structure.

    ``train`` rows and ``held_out`` rows in each of valid and test; ``inputs`` columns of independent normal
    numbers. Labels of train carry normal noise, ``noise`` times as wide as the signal, and a share
    ``missing`` of each task's is missing, of other rows for every task. Held-out labels are exact and
    complete, so that a network's gain says what it learned and little else.
    """

    train: int = 200
    held_out: int = 500
    inputs: int = 20
    noise: float = 0.5
    missing: float = 0.3


@dataclass(frozen=True, slots=True)
class Planted:
    """A Dataset with the true answer.

    ``networks``: the member sets of the best design, each serving its main tasks. ``branching``: of all
    tasks in one network, where that is what was planted. ``tasks`` and ``trial`` are blocks of a sweep file,
    the latter without members and branching: the structure is that of these networks, not of larger ones.
    """

    dataset: Dataset
    tasks: Mapping[str, object]
    trial: Mapping[str, object]
    networks: tuple[Members, ...]
    branching: Branching | None = None

    def is_main(self, task: str) -> bool:
        """Whether the task counts."""
        return self.dataset.tasks[task].role is Role.MAIN


def planted_clusters(seed: int = 0, sizes: Sequence[int] = (2, 2, 2), sample: Sample = Sample()) -> Planted:
    """Clusters of tasks that help each other and hurt the rest: ``a1 a2 b1 b2 c1 c2``.

    The tasks of a cluster are noisy labels of one linear direction of the inputs, so a network of the
    cluster learns it from all their labels, and the excess error of least squares falls with the number of
    labels. The directions of two clusters meet at 60 degrees, and the trunk's only layer has a single unit:
    it follows one direction, and whatever else it is asked for draws it aside.

    >>> planted_clusters(sizes=(2, 1)).networks
    (('a1', 'a2'), ('b1',))
    """
    return _grouped(seed, sizes, sample, ALIKE, BOTTLENECK)


def planted_independent(seed: int = 0, tasks: int = 4, sample: Sample = Sample()) -> Planted:
    """Tasks that have nothing to give to each other: ``a1 b1 c1 d1``.

    Their directions are orthogonal, so no label says anything about another task's direction. The trunk has
    room for all of them, so that most networks of several tasks are not plainly bad either, and small ones
    differ by luck more than by what they are.

    >>> planted_independent(tasks=2).networks
    (('a1',), ('b1',))
    """
    return _grouped(seed, (1,) * tasks, sample, 0.0, ROOMY)


def planted_pairs(seed: int = 0, pairs: int = 2, sample: Sample | None = None) -> Planted:
    """Pairs of tasks that plainly help each other and hurt the rest: ``a1 a2 b1 b2``.

    As in ``planted_clusters``, but that directions of two pairs are orthogonal and the one unit is linear, so
    that little hangs on the seed of a training. With few labels and much noise, a network of a pair has a
    fifth less error than each of its tasks alone: what a verdict should not miss.

    >>> planted_pairs().networks
    (('a1', 'a2'), ('b1', 'b2'))
    """
    sample = sample or Sample(train=100, noise=1.0)
    trunk = LinearStages(stages=1, widths=(1,))
    return _grouped(seed, (2,) * pairs, sample, 0.0, trunk, epochs=24, lr=(0.15, 0.4))


def planted_spoiler(seed: int = 0, tasks: int = 6, sample: Sample = Sample()) -> Planted:
    """Tasks that help each other and one that spoils every network it is in: ``a1 a2 a3 a4 a5 b1``.

    The spoiler's direction is orthogonal to that of all others, and the trunk's one unit follows one.

    >>> planted_spoiler(tasks=3).networks
    (('a1', 'a2'), ('b1',))
    """
    return _grouped(seed, (tasks - 1, 1), sample, 0.0, BOTTLENECK)


def planted_narrow(seed: int = 0, tasks: int = 3, sample: Sample | None = None) -> Planted:
    """Tasks for which sharing does nothing and the learning rate everything: ``a1 b1 c1``.

    Their directions are orthogonal and the linear stage is wide enough for all. Of seven decades of learning
    rates one and a half train well; off them errors are several times as large. An arm that has drawn more
    rates seems to have found a better network.

    >>> planted_narrow(tasks=2).networks
    (('a1',), ('b1',))
    """
    trunk = LinearStages(stages=1, widths=(16,))
    return _grouped(seed, (1,) * tasks, sample or Sample(), 0.0, trunk, epochs=12, lr=(1e-5, 100.0))


def planted_auxiliary(seed: int = 0, sample: Sample = Sample()) -> Planted:
    """One main task, ``a1``, with an auxiliary task that helps it, ``a2``, and two that hurt, ``b1 c1``.

    As in ``planted_clusters``; only ``a1`` counts.

    >>> planted_auxiliary().networks
    (('a1', 'a2'),)
    """
    return _grouped(seed, (2, 1, 1), sample, ALIKE, BOTTLENECK, auxiliary=("a2", "b1", "c1"))


def planted_tree(
    seed: int = 0, sizes: Sequence[int] = (2, 2), parting: int = 2, sample: Sample | None = None
) -> Planted:
    """Clusters that share the stages before ``parting`` and none from there on: ``a1 a2 b1 b2``, one network.

    The tasks of a cluster are noisy labels of one direction, and the directions of all clusters are
    spread evenly over a plane. Every stage is linear: as wide as the inputs, then, right before the
    parting, just wide enough for the plane, so that a network that learns that stage from all labels has
    little left to learn; from the parting on a stage has a single unit, in which clusters cannot stay
    together. What the tasks of a cluster do not share is learned from fewer labels. With clusters of one
    task the best branching is a split at ``parting``, with one cluster all stages are shared; else it is
    a tree that is no split.

    >>> str(planted_tree().branching)
    'a1 a2 b1 b2 / a1 a2 b1 b2 / a1 a2 | b1 b2'
    """
    if not 1 <= parting <= STAGES:
        raise ValueError(f"parting: expected 1 to {STAGES}, found {parting}")
    sample = sample or Sample(train=100, inputs=12, noise=1.0)
    rng = np.random.default_rng((seed, 3, len(sizes)))
    inputs_NF, plane_NK = _latents(rng, sample, 2)
    clusters = _names(sizes)
    tasks = dict.fromkeys(chain.from_iterable(clusters), "regression")
    angles = np.pi * np.arange(len(clusters)) / len(clusters)
    directions = [plane_NK @ (np.cos(angle), np.sin(angle)) for angle in angles]
    signals = {task: directions[k] for k, members in enumerate(clusters) for task in members}
    together, parted = " ".join(tasks), " | ".join(" ".join(members) for members in clusters)
    stages = [*[together] * parting, *[parted] * (STAGES - parting)]
    widths = (*[sample.inputs] * (parting - 1), PLANE if len(clusters) > 1 else 1, *[1] * (STAGES - parting))
    return Planted(
        dataset=labelled_dataset(rng, inputs_NF, signals, tasks, sample),
        tasks=tasks,
        trial=trial_block(LinearStages(widths=widths), epochs=30, lr=(0.02, 0.08)),
        networks=(tuple(tasks),),
        branching=Branching.parse(" / ".join(stages)),
    )


class LinearStages(Trunk):
    """Linear stages without an activation, each of a width of its own."""

    widths: tuple[int, ...]

    @model_validator(mode="after")
    def _a_width_each(self) -> Self:
        if len(self.widths) != self.stages:
            raise ValueError(f"expected {self.stages} widths, one a stage, found {len(self.widths)}")
        return self

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        return VectorSpec(self.widths[index])

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        return nn.Linear(width_for("linear stages", spec), self.widths[index])


def _grouped(
    seed: int,
    sizes: Sequence[int],
    sample: Sample,
    alike: float,
    trunk: Mapping[str, object] | Trunk,
    auxiliary: Members = (),
    *,
    epochs: int = 16,
    lr: tuple[float, float] = (0.03, 0.4),
) -> Planted:
    """Tasks of one direction a cluster, any two of which have the cosine ``alike``."""
    rng = np.random.default_rng((seed, len(sizes)))
    inputs_NF, latents_NK = _latents(rng, sample, len(sizes) + 1)
    own_NK, common_N1 = latents_NK[:, 1:], latents_NK[:, :1]
    directions_NK = np.sqrt(alike) * common_N1 + np.sqrt(1 - alike) * own_NK
    clusters = _names(sizes)
    signals = {task: directions_NK[:, k] for k, members in enumerate(clusters) for task in members}
    tasks = {task: AUXILIARY if task in auxiliary else "regression" for task in signals}
    return Planted(
        dataset=labelled_dataset(rng, inputs_NF, signals, tasks, sample),
        tasks=tasks,
        trial=trial_block(trunk, epochs=epochs, lr=lr),
        networks=tuple(members for members in clusters if not set(members) <= set(auxiliary)),
    )


def _names(sizes: Sequence[int]) -> list[Members]:
    """The tasks of each cluster: ``a1 a2``, ``b1`` ..."""
    return [tuple(f"{chr(97 + k)}{i + 1}" for i in range(size)) for k, size in enumerate(sizes)]


def trial_block(
    trunk: Mapping[str, object] | Trunk, *, epochs: int, lr: tuple[float, float]
) -> dict[str, object]:
    """A block with this trunk and one range: learning rates, the ends of which train badly."""
    optimizer = {"name": "adamw", "lr": {"float": list(lr), "log": True}, "weight_decay": 0.01}
    return {"trunk": trunk, "optimizer": optimizer, "batch_size": 25, "epochs": epochs}


def _latents(rng: np.random.Generator, sample: Sample, number: int) -> tuple[Floats, Floats]:
    """The inputs of all rows, and their part in so many orthonormal directions."""
    inputs_NF = rng.normal(size=(sample.train + 2 * sample.held_out, sample.inputs))
    basis_FF, _ = np.linalg.qr(rng.normal(size=(sample.inputs, sample.inputs)))
    return inputs_NF, inputs_NF @ basis_FF[:, :number]


def labelled_dataset(
    rng: np.random.Generator,
    inputs_NF: Floats,
    signals: Mapping[str, Floats],
    tasks: Mapping[str, object],
    sample: Sample,
) -> Dataset:
    """The Dataset of these inputs, labelled with the signals of standard deviation 1."""
    rows = len(inputs_NF)
    parts_N = np.repeat(["train", "valid", "test"], [sample.train, sample.held_out, sample.held_out])
    in_train_N = parts_N == "train"
    columns = {f"x{f}": pa.array(values_N) for f, values_N in enumerate(inputs_NF.T)}
    for task, signal_N in signals.items():
        labels_N = signal_N + in_train_N * sample.noise * rng.normal(size=rows)
        columns[task] = pa.array(labels_N, mask=in_train_N & (rng.random(rows) < sample.missing))
    table = pa.table({**columns, "part": pa.array(parts_N)})
    spec = DataSpec(source="planted", split=SplitSpec(column="part"))
    return dataset_from_table(table, spec, task_configs(tasks))
