"""Data whose best design is known, because it was planted: what a search must find."""

# N rows, F inputs, K directions, T tasks

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mtl_search.data import Dataset, DataSpec, SplitSpec, dataset_from_table
from mtl_search.design import Branching
from mtl_search.records import Role
from mtl_search.testing.data import task_configs

__all__ = [
    "Planted",
    "Sample",
    "planted_auxiliary",
    "planted_clusters",
    "planted_independent",
    "planted_tree",
]

Floats = npt.NDArray[np.float64]
Members = tuple[str, ...]

ALIKE = 0.5  # correlation of what different clusters measure: lines that meet at 60 degrees
AUXILIARY = {"kind": "regression", "role": "auxiliary"}
BOTTLENECK = {"name": "mlp", "stages": 1, "width": 1, "activation": "silu"}
ROOMY = {"name": "mlp", "stages": 1, "width": 8, "activation": "silu"}
STAGES, WIDTH = 3, 4
DEEP = {"name": "mlp", "stages": STAGES, "width": WIDTH, "activation": "silu"}


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


def planted_auxiliary(seed: int = 0, sample: Sample = Sample()) -> Planted:
    """One main task, ``a1``, with an auxiliary task that helps it, ``a2``, and two that hurt, ``b1 c1``.

    As in ``planted_clusters``; only ``a1`` counts.

    >>> planted_auxiliary().networks
    (('a1', 'a2'),)
    """
    return _grouped(seed, (2, 1, 1), sample, ALIKE, BOTTLENECK, auxiliary=("a2", "b1", "c1"))


def planted_tree(seed: int = 0, sizes: Sequence[int] = (2, 2), sample: Sample | None = None) -> Planted:
    """Clusters that share the first of three stages and part there: ``a1 a2 b1 b2``, all in one network.

    All tasks depend on the inputs through as many linear latents as a stage has units, so the first stage
    serves them all. What a cluster makes of these, the difference of two rectified ones in a rotation of its
    own, takes units that another cluster needs to pass the latents on: so clusters part after the first
    stage. The tasks of a cluster are noisy labels of the same signal, so within it each stage that they do
    not share has more weights to learn from fewer labels. With clusters of one task the best branching is a
    split at 1, with one cluster a split at 3; between the two it is a tree that is no split.

    >>> str(planted_tree().branching)
    'a1 a2 b1 b2 / a1 a2 | b1 b2 / a1 a2 | b1 b2'
    """
    sample = sample or Sample(train=150, inputs=12, noise=0.7)
    rng = np.random.default_rng((seed, 3, len(sizes)))
    inputs_NF, latents_NK = _latents(rng, sample, WIDTH)
    clusters = _names(sizes)
    own_NK = [_hinges(latents_NK @ _rotation(rng, WIDTH)[:, :2]) for _ in clusters]
    signals = {task: own_NK[k] for k, members in enumerate(clusters) for task in members}
    tasks: dict[str, object] = dict.fromkeys(signals, "regression")
    parted = " | ".join(" ".join(members) for members in clusters)
    return Planted(
        dataset=_dataset(rng, inputs_NF, signals, tasks, sample),
        tasks=tasks,
        trial=_trial(DEEP, epochs=30, lr=(0.03, 0.1)),
        networks=(tuple(signals),),
        branching=Branching.parse(" / ".join([" ".join(signals), *[parted] * (STAGES - 1)])),
    )


def _grouped(
    seed: int,
    sizes: Sequence[int],
    sample: Sample,
    alike: float,
    trunk: Mapping[str, object],
    auxiliary: Members = (),
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
        dataset=_dataset(rng, inputs_NF, signals, tasks, sample),
        tasks=tasks,
        trial=_trial(trunk, epochs=16, lr=(0.03, 0.4)),
        networks=tuple(members for members in clusters if not set(members) <= set(auxiliary)),
    )


def _names(sizes: Sequence[int]) -> list[Members]:
    """The tasks of each cluster: ``a1 a2``, ``b1`` ..."""
    return [tuple(f"{chr(97 + k)}{i + 1}" for i in range(size)) for k, size in enumerate(sizes)]


def _trial(trunk: Mapping[str, object], *, epochs: int, lr: tuple[float, float]) -> dict[str, object]:
    """A block with this trunk and one range: learning rates, the ends of which train badly."""
    optimizer = {"name": "adamw", "lr": {"float": list(lr), "log": True}, "weight_decay": 0.01}
    return {"trunk": trunk, "optimizer": optimizer, "batch_size": 25, "epochs": epochs}


def _rotation(rng: np.random.Generator, size: int) -> Floats:
    return np.asarray(np.linalg.qr(rng.normal(size=(size, size)))[0])


def _hinges(latents_NK: Floats) -> Floats:
    """The difference of two rectified latents (K is 2), with a standard deviation of 1."""
    up_N, down_N = np.maximum(latents_NK, 0.0).T
    return np.asarray((up_N - down_N) / np.sqrt(1 - 1 / np.pi))


def _latents(rng: np.random.Generator, sample: Sample, number: int) -> tuple[Floats, Floats]:
    """The inputs of all rows, and their part in so many orthonormal directions."""
    inputs_NF = rng.normal(size=(sample.train + 2 * sample.held_out, sample.inputs))
    return inputs_NF, inputs_NF @ _rotation(rng, sample.inputs)[:, :number]


def _dataset(
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
