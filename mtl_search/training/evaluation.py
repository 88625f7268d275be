"""Evaluator: metrics of a network's members on a fixed set of rows."""

# N rows, M labelled rows of a task

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.data import Rows
from mtl_search.model import Gate, Network, rows_at_once
from mtl_search.records import MeanGate, Metric, Resample, Split
from mtl_search.tasks import Task
from mtl_search.training.score import Score

__all__ = ["Evaluator", "as_metrics", "as_resamples"]

CHUNK = 16_384  # rows a forward pass, which bounds the memory of the activations


@final
class Evaluator:
    """The labelled rows of each task, found once, and metrics on them whenever asked."""

    def __init__(self, rows: Rows, tasks: Mapping[str, Task]) -> None:
        self._rows, self._tasks = rows, tasks
        self._index_M = {task: rows.labelled[task].nonzero().squeeze(1) for task in tasks}
        self._targets_M = {task: rows.targets[task][self._index_M[task]] for task in tasks}
        self._weights_M = {task: _of(rows.weights_N, self._index_M[task]) for task in tasks}

    def default_metrics(self, network: nn.Module, autocast: torch.dtype | None = None) -> dict[str, float]:
        """The default metric of each task; NaN if it is undefined on these rows."""
        outputs = self.outputs(network, autocast)
        return {
            name: task.evaluate_default(outputs[name], self._targets_M[name], self._weights_M[name])
            for name, task in self._tasks.items()
        }

    def all_metrics(
        self, network: nn.Module, autocast: torch.dtype | None = None
    ) -> dict[str, dict[str, float]]:
        """Every metric of each task by name."""
        return self.metrics_of(self._predictions(network, autocast))

    def metrics_of(self, predictions: Mapping[str, Tensor]) -> dict[str, dict[str, float]]:
        """The same of predictions for the labelled rows of some of the tasks, whoever made them."""
        found = {}
        for task, said_M in predictions.items():
            truths_M, weights_M = self._truths(task), self._weights_M[task]
            measures = self._tasks[task].measures.items()
            found[task] = {name: measure(said_M, truths_M, weights_M) for name, measure in measures}
        return found

    def leave_out(
        self, network: nn.Module, groups: int, autocast: torch.dtype | None = None
    ) -> list[dict[str, float]]:
        """The default metrics without each of ``groups`` random groups of sampling units in turn.

        Units stay whole: otherwise what the rows of one patient have in common would stand on both sides, and
        the spread would show only a part of what another sample of patients changes. With fewer units than
        groups each is left out by itself; a single one, without which nothing is left, never.
        """
        return self.left_out_of(self._predictions(network, autocast), groups)

    def left_out_of(self, predictions: Mapping[str, Tensor], groups: int) -> list[dict[str, float]]:
        """The same of predictions for the labelled rows of some of the tasks, whoever made them."""
        units, position_N = np.unique(self._rows.units.cpu().numpy(), return_inverse=True)
        n_units = len(units)
        groups = min(groups, n_units) if n_units > 1 else 0
        order_U = torch.randperm(n_units, generator=torch.Generator().manual_seed(0))
        group_N = (order_U[torch.from_numpy(position_N)] % max(1, groups)).to(self._rows.units.device)
        found: list[dict[str, float]] = [{} for _ in range(groups)]
        for name, said_M in predictions.items():
            task, truths_M = self._tasks[name], self._truths(name)
            measure = task.measures[task.metric.name]
            for group, values in enumerate(found):
                kept_M = group_N[self._index_M[name]] != group
                values[name] = measure(said_M[kept_M], truths_M[kept_M], _of(self._weights_M[name], kept_M))
        return found

    @torch.inference_mode()
    def mean_gates(self, network: Network, autocast: torch.dtype | None = None) -> list[MeanGate]:
        """The weights of the network's gates, mean over all rows."""
        network.eval()
        gates: tuple[Gate, ...] = ()
        sums: list[Tensor] = []
        count = 0
        with torch.autocast(self._device, autocast, enabled=autocast is not None):
            for chunk in self._chunks(network):
                gates = network.gates(chunk.inputs)
                if not gates:
                    return []
                sums_E = [gate.weights_BE.float().sum(dim=0).cpu().double() for gate in gates]
                sums = list(map(torch.add, sums, sums_E)) if sums else sums_E
                count += len(gates[0].weights_BE)
        return [
            MeanGate(gate.member, gate.level, expert, weight)
            for gate, sum_E in zip(gates, sums, strict=True)
            for expert, weight in zip(gate.experts, (sum_E / count).tolist(), strict=True)
        ]

    @property
    def _device(self) -> str:
        return self._rows.units.device.type

    def _chunks(self, network: nn.Module) -> Iterator[Rows]:
        size = rows_at_once(network, CHUNK)
        for start in range(0, len(self._rows), size):
            yield self._rows.slice(start, start + size)

    @torch.inference_mode()
    def outputs(self, network: nn.Module, autocast: torch.dtype | None = None) -> dict[str, Tensor]:
        """Outputs of each task on its labelled rows, M x K."""
        network.eval()
        parts: dict[str, list[Tensor]] = {task: [] for task in self._tasks}
        with torch.autocast(self._device, autocast, enabled=autocast is not None):
            for chunk in self._chunks(network):
                for task, output in network(chunk.inputs).items():
                    parts[task].append(output.float())
        return {task: torch.cat(parts[task])[self._index_M[task]] for task in self._tasks}

    def _predictions(self, network: nn.Module, autocast: torch.dtype | None) -> dict[str, Tensor]:
        outputs = self.outputs(network, autocast)
        return {name: task.predictions(outputs[name]) for name, task in self._tasks.items()}

    def _truths(self, task: str) -> Tensor:
        return self._tasks[task].truths(self._targets_M[task])


def _of(weights_N: Tensor | None, which: Tensor) -> Tensor | None:
    return None if weights_N is None else weights_N[which]


def as_metrics(
    values: Mapping[str, Mapping[str, float]], split: Split, tasks: Mapping[str, Task], score: Score
) -> list[Metric]:
    """What ``all_metrics`` gives on a split, as records.

    The default metric has its gain on valid alone, which is what the references were measured on.
    """
    metrics = []
    for task, named in values.items():
        default = tasks[task].metric.name
        gains = score.gains({task: named[default]}) if split == Split.VALID else {}
        for name, value in named.items():
            gain = gains.get(task, math.nan) if name == default else math.nan
            metrics.append(Metric(task, split, name, value, gain))
    return metrics


def as_resamples(left_out: Sequence[Mapping[str, float]], split: Split) -> list[Resample]:
    """What ``leave_out`` gives on a split, as records."""
    return [
        Resample(task, g, value, split) for g, values in enumerate(left_out) for task, value in values.items()
    ]
