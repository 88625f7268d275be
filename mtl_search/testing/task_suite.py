"""The contract of a task kind: subclass ``TaskSuite`` in a test module, and pytest runs every part of it."""

# ruff: noqa: D102 - the names of the tests say what they check
# N rows, K outputs

import json
import pickle
import re
from abc import ABC, abstractmethod

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter
from torch import Tensor

from mtl_search.errors import Mismatch
from mtl_search.features import MapSpec, SequenceSpec, VectorSpec, example
from mtl_search.tasks import AnyTask, Column, Layout, Task, TaskOptions

__all__ = ["TaskSuite"]

TASK = TypeAdapter[Task](AnyTask)
POISON = (1e6, -7.0, float("nan"))  # in the place of a missing label, and must not matter


class TaskSuite(ABC):
    """What is true of every kind. ``columns`` must differ from seed to seed and miss some labels.

    A subclass says how the task is configured and what its source columns hold; its name starts with
    ``Test``, so that pytest finds it.
    """

    @abstractmethod
    def config(self) -> TaskOptions:
        """The options under test."""

    @abstractmethod
    def columns(self, rows: int, seed: int) -> list[Column]:
        """Source columns with every class in the first few rows, about a tenth of the labels missing."""

    def layouts(self) -> dict[str, Layout]:
        """The inputs that labels of parts of a row may lie over."""
        return {}

    def task(self) -> Task:
        """The task, fitted on 200 rows."""
        return self.fitted(self.columns(200, seed=0))

    def steps(self) -> int:
        """The length of sequences that its head reads."""
        lengths = [of.positions[0] for of in self.layouts().values() if len(of.positions) == 1]
        return lengths[0] if lengths else 2

    def fitted(self, columns: list[Column], weights_N: NDArray[np.float64] | None = None) -> Task:
        """The task, fitted on these."""
        return self.config().laid_over(self.layouts()).fit("target", columns, weights_N)

    def batch(self, rows: int = 200) -> tuple[Task, Tensor, Tensor, Tensor]:
        """``(task, outputs_NK, targets, labelled_N)``: random outputs for rows unknown to ``task``."""
        task = self.task()
        targets, labelled_N = task.encode(self.columns(rows, seed=1))
        outputs_NK = torch.randn(rows, *task.output_shape, generator=torch.Generator().manual_seed(2))
        return task, outputs_NK.requires_grad_(), targets, labelled_N

    def test_columns_are_encoded_row_by_row(self) -> None:
        task, _, targets, labelled_N = self.batch()
        assert len(targets) == len(labelled_N) == 200
        assert labelled_N.dtype == torch.bool
        assert 0 < labelled_N.sum() < 200
        if task.level == "row":
            assert targets.dtype in (torch.float32, torch.int64)
            assert not targets[~labelled_N].any()
        columns = self.columns(200, seed=1)
        known_N = np.any([column.is_valid().to_numpy() for column in columns], axis=0)
        assert labelled_N.tolist() == known_N.tolist()
        ahead = [column.slice(50) for column in columns]
        assert same(task.encode(ahead)[0], targets[50:])

    def test_labels_of_training_are_all_seen(self) -> None:
        task, _, targets, labelled_N = self.batch()
        known, unseen = task.seen(self.columns(200, seed=1))
        assert not unseen
        assert same(task.encode(known)[0], targets)
        assert torch.equal(task.encode(known)[1], labelled_N)

    def test_storage_in_chunks_does_not_matter(self) -> None:
        task, _, targets, labelled_N = self.batch()
        whole = self.columns(200, seed=1)
        parts = [pa.chunked_array([*c.slice(0, 77).chunks, *c.slice(77).chunks]) for c in whole]
        assert same(task.encode(parts)[0], targets)
        assert torch.equal(task.encode(parts)[1], labelled_N)

    def test_options_and_task_survive_a_round_trip(self) -> None:
        config, task = self.config(), self.task()
        assert type(config).model_validate_json(config.model_dump_json()) == config
        assert pickle.loads(pickle.dumps(task)) == task
        assert TASK.validate_python(json.loads(json.dumps(TASK.dump_python(task)))) == task
        assert (task.kind, task.role, task.metric.name) == (config.kind, config.role, config.metric)
        lighter = config.laid_over(self.layouts()).model_copy(update={"weight": 0.25})
        assert lighter.fit("target", self.columns(200, 0)).weight == 0.25

    def test_head_maps_features_to_outputs(self) -> None:
        """Of a row from any features; of its positions from those of one form, and others are refused."""
        task = self.task()
        fitting = 0
        for spec in (VectorSpec(7), MapSpec(3, 4, 5), SequenceSpec(width=7, length=self.steps())):
            try:
                head = task.head(spec)
            except Mismatch:
                continue
            fitting += 1
            assert head(example(spec, 3, "cpu")).shape == (3, *task.output_shape)
        assert fitting == (3 if task.level == "row" else 1)

    def test_loss_and_gradient_are_finite(self) -> None:
        task, outputs_NK, targets, labelled_N = self.batch()
        for scale in (1.0, 1e4):
            loss = task.loss(outputs_NK * scale, targets, labelled_N)
            (gradient_NK,) = torch.autograd.grad(loss, outputs_NK)
            assert loss.ndim == 0
            assert loss.isfinite()
            assert loss > 0
            assert gradient_NK.isfinite().all()
            assert gradient_NK[labelled_N].any()

    def test_the_loss_of_copies_is_the_mean_of_their_losses(self) -> None:
        """Laid end to end, as a network of copies is trained; so are the gradients."""
        task, outputs_NK, targets, labelled_N = self.batch()
        copies = [outputs_NK, outputs_NK.detach() * 0.5, -outputs_NK.detach()]
        weights_N = 0.5 + torch.arange(len(targets)) % 3
        for weights in ([], [weights_N]):
            rest = (targets, labelled_N, *weights)
            tiled = [values.repeat(3, *[1] * (values.ndim - 1)) for values in rest]
            together, alone = task.loss(torch.cat(copies), *tiled), [task.loss(one, *rest) for one in copies]
            torch.testing.assert_close(together, torch.stack(alone).mean())
            gradients = [torch.autograd.grad(loss, outputs_NK)[0] for loss in (together, alone[0] / 3)]
            torch.testing.assert_close(*gradients)

    def test_outputs_that_are_combined_predict_the_mean(self) -> None:
        """Within the range of the predictions at least: a regression has its mean where it learns."""
        task, outputs_NK, _, _ = self.batch()
        outputs_NCK = torch.stack([outputs_NK, outputs_NK * 0.5, -outputs_NK], dim=1).detach()
        for scale in (1.0, 1e4):
            scaled_NCK = outputs_NCK * scale
            combined_NK = task.combine(scaled_NCK)
            assert combined_NK.shape == outputs_NK.shape
            assert combined_NK.isfinite().all()
            found = task.predictions(combined_NK)
            of_copies = torch.stack([task.predictions(of_NK) for of_NK in scaled_NCK.unbind(1)])
            if "regression" not in task.kind:
                torch.testing.assert_close(found, of_copies.mean(0), rtol=1e-5, atol=1e-6)
            low, high = of_copies.amin(0), of_copies.amax(0)
            torch.testing.assert_close(found, found.clamp(low, high), rtol=1e-5, atol=1e-6)
        alike_NK = task.combine(torch.stack([outputs_NK.detach()] * 3, dim=1))
        found, expected = (task.predictions(of_NK) for of_NK in (alike_NK, outputs_NK.detach()))
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)

    def test_missing_labels_never_matter(self) -> None:
        task, outputs_NK, targets, labelled_N = self.batch()
        clean = task.loss(outputs_NK, targets, labelled_N)
        (clean_NK,) = torch.autograd.grad(clean, outputs_NK)
        assert not clean_NK[~labelled_N].any()
        for poison in POISON:
            value = torch.tensor(poison).nan_to_num(-9.0).to(targets.dtype)
            spoiled = targets.clone()
            spoiled[~labelled_N] = torch.tensor(poison) if targets.is_floating_point() else value
            loss = task.loss(outputs_NK, spoiled, labelled_N)
            (gradient_NK,) = torch.autograd.grad(loss, outputs_NK)
            assert torch.equal(loss, clean)
            assert torch.equal(gradient_NK, clean_NK)

    def test_loss_is_that_of_the_labelled_rows_alone(self) -> None:
        task, outputs_NK, targets, labelled_N = self.batch()
        masked = task.loss(outputs_NK, targets, labelled_N)
        alone = task.loss(outputs_NK[labelled_N], targets[labelled_N], labelled_N[labelled_N])
        torch.testing.assert_close(masked, alone)

    def test_one_label_is_enough_for_a_loss(self) -> None:
        task, outputs_NK, targets, labelled_N = self.batch()
        first = int(labelled_N.nonzero()[0])
        alone_N = torch.zeros_like(labelled_N)
        alone_N[first] = True
        loss = task.loss(outputs_NK, targets, alone_N)
        expected = task.loss(outputs_NK[[first]], targets[[first]], torch.tensor([True]))
        torch.testing.assert_close(loss, expected)
        assert loss.isfinite()

    def test_weights_count_like_repeated_rows(self) -> None:
        """In every metric, and in where the loss pulls; what is fitted on train weighs rows alike."""
        task, outputs_NK, targets, labelled_N = self.batch()
        weights_N = 1 + torch.arange(len(targets)) % 3
        repeated = torch.arange(len(targets)).repeat_interleave(weights_N)
        loss = task.loss(outputs_NK, targets, labelled_N, weights_N.float())
        (weighted_NK,) = torch.autograd.grad(loss, outputs_NK)
        again = task.loss(outputs_NK[repeated], targets[repeated], labelled_N[repeated])
        (repeated_NK,) = torch.autograd.grad(again, outputs_NK)
        torch.testing.assert_close(weighted_NK / weighted_NK.norm(), repeated_NK / repeated_NK.norm())
        ones_N = torch.ones(len(targets))
        torch.testing.assert_close(
            task.loss(outputs_NK, targets, labelled_N, ones_N), task.loss(outputs_NK, targets, labelled_N)
        )
        here, there = labelled_N.nonzero()[:, 0], repeated[labelled_N[repeated]]
        outputs_NK = outputs_NK.detach()
        values = task.evaluate(outputs_NK[here], targets[here], weights_N[here].float())
        expected = task.evaluate(outputs_NK[there], targets[there])
        np.testing.assert_allclose(list(values.values()), list(expected.values()), rtol=1e-4)
        default = task.evaluate_default(outputs_NK[here], targets[here], weights_N[here].float())
        assert default == values[task.metric.name]

    def test_a_task_is_fitted_by_weight(self) -> None:
        columns = self.columns(200, seed=0)
        weights_N = np.tile([1.0, 2.0, 3.0], 67)[:200]
        repeated = np.arange(200).repeat(weights_N.astype(int))
        fitted = self.fitted(columns, weights_N)
        expected = self.fitted([column.take(repeated) for column in columns])
        here, there = (json.dumps(TASK.dump_python(each)) for each in (fitted, expected))
        assert _rounded(here) == _rounded(there)

    def test_order_of_rows_does_not_matter(self) -> None:
        task, outputs_NK, targets, labelled_N = self.batch()
        order_N = torch.randperm(len(targets), generator=torch.Generator().manual_seed(3))
        loss = task.loss(outputs_NK[order_N], targets[order_N], labelled_N[order_N])
        torch.testing.assert_close(loss, task.loss(outputs_NK, targets, labelled_N))
        shuffled_N = order_N[labelled_N[order_N]]
        there = task.evaluate(outputs_NK.detach()[shuffled_N], targets[shuffled_N])
        here = task.evaluate(outputs_NK.detach()[labelled_N], targets[labelled_N])
        np.testing.assert_allclose(list(there.values()), list(here.values()), rtol=1e-5)

    def test_training_the_head_learns_the_targets(self) -> None:
        """Descent on free outputs ends in nearly perfect metrics: loss and metrics agree on what is good."""
        task, outputs_NK, targets, labelled_N = self.batch()
        before = task.evaluate_default(outputs_NK.detach()[labelled_N], targets[labelled_N])
        optimizer = torch.optim.Adam([outputs_NK], lr=0.5)
        for _ in range(60):
            optimizer.zero_grad()
            (outputs_NK.grad,) = torch.autograd.grad(task.loss(outputs_NK, targets, labelled_N), outputs_NK)
            optimizer.step()
        after = task.evaluate(outputs_NK.detach()[labelled_N], targets[labelled_N])
        assert task.metric.signed(after[task.metric.name]) > task.metric.signed(before)
        for metric in task.metrics:
            if metric.higher_is_better:
                assert after[metric.name] > 0.99, metric.name

    def test_default_metric_is_one_of_all(self) -> None:
        task, outputs_NK, targets, labelled_N = self.batch()
        outputs_NK, targets = outputs_NK.detach()[labelled_N], targets[labelled_N]
        values = task.evaluate(outputs_NK, targets)
        assert tuple(values) == tuple(metric.name for metric in task.metrics)
        assert all(isinstance(value, float) for value in values.values())
        assert task.metric in task.metrics
        assert task.evaluate_default(outputs_NK, targets) == values[task.metric.name]

    def test_a_metric_that_is_undefined_is_nan(self) -> None:
        """Nothing raises or warns: no rows, one row, outputs that are not finite."""
        task, outputs_NK, targets, labelled_N = self.batch()
        outputs_NK, targets = outputs_NK.detach()[labelled_N], targets[labelled_N]
        broken_NK = outputs_NK.clone()
        broken_NK[0] = torch.nan
        for weights_N in (None, torch.full((len(targets),), 0.5)):
            first, none = (None if weights_N is None else weights_N[:n] for n in (1, 0))
            assert all(np.isnan(v) for v in task.evaluate(outputs_NK[:0], targets[:0], none).values())
            assert set(task.evaluate(outputs_NK[:1], targets[:1], first)) == {m.name for m in task.metrics}
            assert all(np.isnan(v) for v in task.evaluate(broken_NK, targets, weights_N).values())

    def test_signals_of_labelled_rows_are_numbers_per_row(self) -> None:
        task, _, targets, labelled_N = self.batch()
        signals_NS = task.signals(targets)
        assert signals_NS.ndim == 2
        assert len(signals_NS) == len(targets)
        assert signals_NS[labelled_N].nan_to_num(0.0).isfinite().all()

    def test_predictions_are_columns_for_people(self) -> None:
        """A column a prediction, each of one kind, with a value in every row that was asked for."""
        task, outputs_NK, _, _ = self.batch()
        columns = task.decode(task.predictions(outputs_NK.detach()))
        assert columns
        for suffix, column in columns.items():
            assert suffix == "" or suffix.startswith("_")
            assert (len(column), column.null_count) == (200, 0)
            if suffix.startswith("_probability"):
                assert pa.types.is_float64(column.type)
                assert 0 <= min(column.to_pylist()) <= max(column.to_pylist()) <= 1
        nothing = task.decode(task.predictions(outputs_NK[:0].detach()))
        assert {suffix: column.type for suffix, column in nothing.items()} == {
            suffix: column.type for suffix, column in columns.items()
        }

    def test_describe_is_one_line_for_people(self) -> None:
        text = self.task().describe()
        assert text
        assert "\n" not in text


def same(some: Tensor, others: Tensor) -> bool:
    """Whether targets are equal, NaN where others are."""
    return torch.equal(some.nan_to_num(-1e9), others.nan_to_num(-1e9))


def _rounded(text: str) -> str:
    """The text with its numbers to nine digits: sums of weights are rounded in another order."""
    return re.sub(r"\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.9g}", text)
