"""The contract suite notices tasks that break the contract."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from mtl_search.tasks import Column, Regression, Task, TaskConfig
from mtl_search.testing.task_suite import TaskSuite


class Faulty:
    """A regression task with some of its methods replaced."""

    def __init__(self, task: Task, faults: dict[str, Any]) -> None:
        self._task, self._faults = task, faults

    def __getattr__(self, name: str) -> Any:
        fault = self._faults.get(name)
        return (lambda *args: fault(self._task, *args)) if fault else getattr(self._task, name)


class Suite(TaskSuite):
    """The suite over such a task; not collected by itself, since its name does not start with Test."""

    def __init__(self, **faults: Any) -> None:
        self.faults = faults

    def config(self) -> TaskConfig:
        return Regression.Config()

    def columns(self, rows: int, seed: int) -> list[Column]:
        random = np.random.default_rng(seed)
        return [pa.chunked_array([pa.array(random.normal(size=rows), mask=random.random(rows) < 0.1)])]

    def task(self) -> Task:
        return cast(Task, Faulty(super().task(), self.faults))


def unmasked(task: Task, outputs: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    return task.loss(outputs, targets, torch.ones_like(labelled))


def divided_by_all(task: Task, outputs: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    return task.loss(outputs, targets, labelled) * labelled.float().mean()


def multiplied_by_mask(task: Task, outputs: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    return (((outputs[:, 0] - targets) ** 2) * labelled).sum() / labelled.sum()  # NaN times zero is NaN


def by_position(task: Task, outputs: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    return task.loss(outputs * torch.arange(len(outputs))[:, None], targets, labelled)


def other_way(task: Task, outputs: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    return task.loss(-outputs, targets, labelled)


def unweighted(
    task: Task, outputs: Tensor, targets: Tensor, labelled: Tensor, _: Tensor | None = None
) -> Tensor:
    return task.loss(outputs, targets, labelled)


def unweighted_metrics(task: Task, outputs: Tensor, targets: Tensor, *_: Any) -> dict[str, float]:
    return task.evaluate(outputs, targets)


def raising(task: Task, outputs: Tensor, targets: Tensor, *_: Any) -> dict[str, float]:
    if len(targets) < 2:
        raise ValueError("needs two rows")
    return task.evaluate(outputs, targets)


def shifted(task: Task, outputs: Tensor, targets: Tensor, *_: Any) -> float:
    return task.evaluate_default(outputs, targets) + 1e-3


def noisy(task: Task, columns: list[Column]) -> tuple[Tensor, Tensor]:
    targets, labelled = task.encode(columns)
    return targets + 1.0, labelled


@pytest.mark.parametrize(
    ("faults", "test"),
    [
        ({"loss": unmasked}, "test_missing_labels_never_matter"),
        ({"loss": multiplied_by_mask}, "test_missing_labels_never_matter"),
        ({"loss": divided_by_all}, "test_loss_is_that_of_the_labelled_rows_alone"),
        ({"loss": divided_by_all}, "test_one_label_is_enough_for_a_loss"),
        ({"loss": by_position}, "test_order_of_rows_does_not_matter"),
        ({"loss": unweighted}, "test_weights_count_like_repeated_rows"),
        ({"evaluate": unweighted_metrics}, "test_weights_count_like_repeated_rows"),
        ({"loss": other_way}, "test_training_the_head_learns_the_targets"),
        ({"evaluate": raising}, "test_a_metric_that_is_undefined_is_nan"),
        ({"evaluate_default": shifted}, "test_default_metric_is_one_of_all"),
        ({"encode": noisy}, "test_columns_are_encoded_row_by_row"),
        ({"describe": lambda task: ""}, "test_describe_is_one_line_for_people"),
    ],
)
def test_a_fault_is_noticed(faults: dict[str, Callable[..., Any]], test: str) -> None:
    getattr(Suite(), test)()
    with pytest.raises((AssertionError, ValueError)):
        getattr(Suite(**faults), test)()
