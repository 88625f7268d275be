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
from mtl_search.training.batches import resident
from mtl_search.training.score import Score

__all__ = ["Evaluator", "as_metrics", "as_resamples"]

CHUNK = 16_384  # rows a forward pass, which bounds the memory of the activations
NUMBERS = 2**23  # of an input in one pass, which are floats there, whatever they are stored as
Evidence = tuple[Tensor, Tensor]  # what a measure is computed of, row by row


@final
class Evaluator:
    """The labelled rows of each task, found once, and metrics on them whenever asked.

    Rows go to the ``device`` at once, mapped ones chunk by chunk.
    """

    def __init__(self, rows: Rows, tasks: Mapping[str, Task], device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._rows, self._tasks = resident(rows, self._device), tasks
        self._index_M = {task: self._place(rows.labelled[task]).nonzero().squeeze(1) for task in tasks}
        weights_N = None if rows.weights_N is None else self._place(rows.weights_N)
        self._weights_M = {task: _of(weights_N, self._index_M[task]) for task in tasks}

    def default_metrics(self, network: nn.Module, autocast: torch.dtype | None = None) -> dict[str, float]:
        """The default metric of each task; NaN if it is undefined on these rows."""
        evidence = self._evidence(network, autocast)
        return {
            name: task.measures[task.metric.name](*evidence[name], self._weights_M[name])
            for name, task in self._tasks.items()
        }

    def all_metrics(
        self, network: nn.Module, autocast: torch.dtype | None = None
    ) -> dict[str, dict[str, float]]:
        """Every metric of each task by name."""
        return self._metrics_of(self._evidence(network, autocast))

    def metrics_of(self, predictions: Mapping[str, Tensor]) -> dict[str, dict[str, float]]:
        """The same of predictions for the labelled rows of some of the tasks, whoever made them."""
        return self._metrics_of(self._with_truths(predictions))

    def leave_out(
        self, network: nn.Module, groups: int, autocast: torch.dtype | None = None
    ) -> list[dict[str, float]]:
        """The default metrics without each of ``groups`` random groups of sampling units in turn.

        Units stay whole: otherwise what the rows of one patient have in common would stand on both sides, and
        the spread would show only a part of what another sample of patients changes. With fewer units than
        groups each is left out by itself; a single one, without which nothing is left, never.
        """
        return self._left_out_of(self._evidence(network, autocast), groups)

    def left_out_of(self, predictions: Mapping[str, Tensor], groups: int) -> list[dict[str, float]]:
        """The same of predictions for the labelled rows of some of the tasks, whoever made them."""
        return self._left_out_of(self._with_truths(predictions), groups)

    def _left_out_of(self, evidence: Mapping[str, Evidence], groups: int) -> list[dict[str, float]]:
        units, position_N = np.unique(self._rows.units.cpu().numpy(), return_inverse=True)
        n_units = len(units)
        groups = min(groups, n_units) if n_units > 1 else 0
        order_U = torch.randperm(n_units, generator=torch.Generator().manual_seed(0))
        group_N = self._place(order_U[torch.from_numpy(position_N)] % max(1, groups))
        found: list[dict[str, float]] = [{} for _ in range(groups)]
        for name, (said_M, truths_M) in evidence.items():
            task = self._tasks[name]
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
        with torch.autocast(self._device.type, autocast, enabled=autocast is not None):
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

    def _place(self, values: Tensor) -> Tensor:
        return values.to(self._device)

    def _chunks(self, network: nn.Module) -> Iterator[Rows]:
        widest = max((math.prod(values.shape[1:]) for values in self._rows.inputs.values()), default=1)
        size = max(1, min(rows_at_once(network, CHUNK), NUMBERS // max(1, widest)))
        for start in range(0, len(self._rows), size):
            yield self._rows.slice(start, start + size).to(self._device)

    @torch.inference_mode()
    def outputs(self, network: nn.Module, autocast: torch.dtype | None = None) -> dict[str, Tensor]:
        """Outputs on the labelled rows, M x K, of each task with one label a row."""
        parts: dict[str, list[Tensor]] = {
            name: [] for name, task in self._tasks.items() if task.level == "row"
        }
        for _, outputs in self._by_chunk(network, autocast):
            for name, found in parts.items():
                found.append(outputs[name])
        return {name: torch.cat(found)[self._index_M[name]] for name, found in parts.items()}

    @torch.inference_mode()
    def _evidence(self, network: nn.Module, autocast: torch.dtype | None) -> dict[str, Evidence]:
        """Of the labelled rows of each task; no outputs outlive their chunk."""
        parts: dict[str, list[Evidence]] = {name: [] for name in self._tasks}
        for chunk, outputs in self._by_chunk(network, autocast):
            for name, task in self._tasks.items():
                labelled_B = chunk.labelled[name]
                parts[name].append(task.evidence(outputs[name][labelled_B], chunk.targets[name][labelled_B]))
        return {
            name: (torch.cat([said for said, _ in found]), torch.cat([truths for _, truths in found]))
            for name, found in parts.items()
        }

    def _by_chunk(
        self, network: nn.Module, autocast: torch.dtype | None
    ) -> Iterator[tuple[Rows, dict[str, Tensor]]]:
        """Rows and the outputs of each task on them."""
        network.eval()
        for chunk in self._chunks(network):
            with torch.autocast(self._device.type, autocast, enabled=autocast is not None):
                outputs = network(chunk.inputs)
            yield chunk, {name: output.float() for name, output in outputs.items()}

    def _metrics_of(self, evidence: Mapping[str, Evidence]) -> dict[str, dict[str, float]]:
        return {
            task: {
                name: measure(*of_task, self._weights_M[task])
                for name, measure in self._tasks[task].measures.items()
            }
            for task, of_task in evidence.items()
        }

    def _with_truths(self, predictions: Mapping[str, Tensor]) -> dict[str, Evidence]:
        """Evidence of tasks with one label a row."""
        targets = {name: self._place(self._rows.targets[name])[self._index_M[name]] for name in predictions}
        return {
            name: (said_M, self._tasks[name].truths(targets[name])) for name, said_M in predictions.items()
        }


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
