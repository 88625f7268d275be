"""Training: one network from its first epoch to its best one."""

# B rows in a batch, S steps in an epoch, T members

import math
import time
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from mtl_search.data import Dataset, InputShape, Rows
from mtl_search.model import Network
from mtl_search.records import EpochReport, MeanGate, Metric, Resample, Split
from mtl_search.seeds import derive_seed
from mtl_search.tasks import Task
from mtl_search.training.affinity import AffinityMeter
from mtl_search.training.batches import Batches, count_by_batch, mean_weights, resident, tiled
from mtl_search.training.best import Best
from mtl_search.training.config import TrialConfig
from mtl_search.training.evaluation import Evaluator, as_metrics, as_resamples
from mtl_search.training.learner import Learner
from mtl_search.training.score import Score
from mtl_search.training.state import TrainingState
from mtl_search.training.team import ALONE, Team, Together
from mtl_search.weighting import Weighting

__all__ = ["NonFiniteLossError", "Training", "build_network"]

LOOKS = 10  # at affinities, evenly over the epochs


def build_network(
    config: TrialConfig, tasks: Mapping[str, Task], shape: InputShape, generator: torch.Generator
) -> Network:
    """The network of ``config`` on inputs of ``shape``, its initial values drawn from ``generator``."""
    members = [tasks[name] for name in config.members]
    parts = (config.sharing, config.encoder, config.trunk)
    return Network(*parts, members, shape, copies=config.copies, generator=generator)


class NonFiniteLossError(ArithmeticError):
    """A loss became NaN or infinite: the trial has failed, and ``task`` is the first to blame."""

    def __init__(self, task: str, epoch: int, step: int) -> None:
        super().__init__(f"the loss of task {task!r} is not finite in epoch {epoch}, step {step}")
        self.task, self.epoch, self.step = task, epoch, step

    def __reduce__(self) -> tuple[type, tuple[str, int, int]]:
        return NonFiniteLossError, (self.task, self.epoch, self.step)


@final
class Training:
    """One network in training: ``run_epoch`` until ``finished``, then ``restore_best`` and ``evaluate``.

    The same config, seed, data and machine give the same numbers. Initial values, order of rows, dropout and
    random weightings are all drawn from one generator of its own (dropout on a GPU from a second one there),
    so that trainings may take turns in one process and the caller's generators stay as they are.
    With ``affinities`` those of its members are measured before at most ``LOOKS`` of the epochs, and what is
    learned stays the same.

    Each member of a ``team`` makes the same steps, from its part of each batch, and has a network equal to
    the others'. Only what dropout drops is drawn by each for itself, and is not what one process would drop.
    """

    def __init__(
        self,
        config: TrialConfig,
        dataset: Dataset,
        *,
        seed: int,
        score: Score,
        device: str = "cpu",
        affinities: bool = False,
        team: Team = ALONE,
    ) -> None:
        self.config, self.score, self.device = config, score, torch.device(device)
        self._seed, self._team = seed, team
        self.tasks = {name: dataset.tasks[name] for name in config.members}
        config.augment.check(dataset.input_shape)
        self._shape = dataset.input_shape
        self._train = resident(dataset.train.select(config.members), self.device)
        self._mean_weight = mean_weights(self._train)
        self._autocast = self._autocast_dtype()
        self._steps = math.ceil(len(self._train) / config.batch_size)
        self._generator = torch.Generator().manual_seed(seed)
        network = build_network(config, self.tasks, dataset.input_shape, self._generator)
        self.network = network.to(self.device)
        self._together = Together(self.network, team)
        self._dropping = self._device_generator(seed)
        self.network.use_generator(self._dropping)
        self._learner = self._learner_with(None)
        shared = [p for p in self.network.shared_parameters() if p.requires_grad]
        self._meter = AffinityMeter(shared) if affinities and shared else None
        self._evaluator = Evaluator(dataset.valid.select(config.members), self.tasks, self.device)
        self.best = Best()
        self.epoch = 0

    def state(self) -> TrainingState:
        """All that another process needs to go on after the last epoch."""
        return TrainingState(
            self.epoch,
            self.best,
            self.network.state_dict(),
            self._learner.weighting,
            self._learner.state,
            [generator.get_state() for generator in self._generators],
            {} if self._meter is None else dict(self._meter.seen),
        )

    def resume(self, state: TrainingState) -> None:
        """Go on from there, where an equal training once was."""
        self.epoch, self.best = state.epoch, state.best
        self.network.load_state_dict(state.network)
        self._learner = self._learner_with(state.weighting)
        self._learner.load(state.learner)
        for generator, drawn in zip(self._generators, state.generators, strict=True):
            generator.set_state(drawn)
        if self._meter is not None:
            self._meter.seen.update({pair: list(shares) for pair, shares in state.affinities.items()})

    def _learner_with(self, weighting: Weighting | None) -> Learner:
        steps = self._steps * self.config.epochs
        return Learner(self.config, self.network, steps, self._generator, weighting)

    @property
    def _generators(self) -> list[torch.Generator]:
        both = [self._generator, self._dropping]
        return both[:1] if self._dropping is self._generator else both

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or ``patience`` ran out."""
        patience = self.config.patience
        return self.epoch >= self.config.epochs or (
            patience is not None and self.epoch - self.best.epoch >= patience
        )

    @property
    def affinities(self) -> Mapping[tuple[str, str], float]:
        """Affinity of each member to each other; empty if it was not measured."""
        return self._meter.affinities if self._meter is not None else {}

    def run_epoch(self) -> EpochReport:
        """Train one epoch, validate, and remember the network if it is the best so far.

        Raises NonFiniteLossError if a loss is NaN or infinite.
        """
        start = time.perf_counter()
        self.epoch += 1
        train_loss, weights = self._train_epoch()
        self._learner.after_epoch()
        valid = self._evaluator.default_metrics(self.network, self._autocast)
        score = self.score(valid)
        if score > self.best.score:
            state = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
            self.best = Best(self.epoch, score, valid, state)
        return EpochReport(self.epoch, train_loss, valid, weights, score, time.perf_counter() - start)

    def accompany(self) -> None:
        """Train one epoch with a team whose first member validates."""
        self.epoch += 1
        self._train_epoch()
        self._learner.after_epoch()

    def restore_best(self) -> None:
        """Put the weights of the best epoch back into the network."""
        if self.best.state:
            self.network.load_state_dict(self.best.state)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the network's current weights on the CPU."""
        state = self.network.state_dict()
        return {name: value.detach().to("cpu", copy=True) for name, value in state.items()}

    def evaluate(self, rows: Rows, split: Split) -> list[Metric]:
        """Every metric of every member on ``rows``, with the network's current weights.

        The default metric has its gain on valid alone, which is what the references were measured on.
        """
        evaluator = Evaluator(rows.select(self.tasks), self.tasks, self.device)
        values = evaluator.all_metrics(self.network, self._autocast)
        return as_metrics(values, split, self.tasks, self.score)

    def resample(self, rows: Rows, split: Split, groups: int) -> list[Resample]:
        """Each member's default metric on ``rows`` without each of ``groups`` groups of units in turn.

        The groups depend on the rows' units alone, so they are the same for every network.
        """
        evaluator = Evaluator(rows.select(self.tasks), self.tasks, self.device)
        left_out = evaluator.leave_out(self.network, groups, self._autocast)
        return as_resamples(left_out, split)

    def mean_gates(self, rows: Rows) -> list[MeanGate]:
        """What each member takes from each expert, mean over ``rows``; nothing of a network without experts.

        All rows count, labelled or not: a gate knows the inputs alone.
        """
        evaluator = Evaluator(rows.select(self.tasks), self.tasks, self.device)
        return evaluator.mean_gates(self.network, self._autocast)

    def outputs(self, rows: Rows) -> dict[str, Tensor]:
        """What the network says of each member's labelled rows, M x K, on the CPU."""
        evaluator = Evaluator(rows.select(self.tasks), self.tasks, self.device)
        found = evaluator.outputs(self.network, self._autocast)
        return {task: outputs_MK.cpu() for task, outputs_MK in found.items()}

    def _train_epoch(self) -> tuple[dict[str, float], dict[str, float]]:
        """One pass over the train rows in a new order: mean loss and mean weight of each member."""
        if self._team.size > 1:
            self._dropping.manual_seed(derive_seed(self._seed, "dropout", self.epoch, self._team.rank))
        order_N = torch.randperm(len(self._train), generator=self._generator)
        size = self.config.batch_size
        batches = Batches(self._train, order_N, size, self.device)
        n_labelled = {task: count_by_batch(batches.labelled(task), size) for task in self.tasks}
        if self._meter is not None and self.epoch % math.ceil(self.config.epochs / LOOKS) == 0:
            self._look(self._meter, batches, n_labelled)
        self.network.train()
        losses_ST = torch.full((self._steps, len(self.tasks)), math.nan, device=self.device)
        weights_ST = torch.full_like(losses_ST, math.nan)
        for step in range(self._steps):
            present = [task for task in self.tasks if n_labelled[task][step] > 0]
            if present:
                self._step(self._augmented(batches[step]), present, losses_ST[step], weights_ST[step])
        self._check_finite(losses_ST.cpu(), n_labelled)
        return self._means(losses_ST), self._means(weights_ST)

    def _augmented(self, batch: Rows) -> Rows:
        return self.config.augment.apply(batch, self.tasks, self._shape, self._generator)

    def _look(self, meter: AffinityMeter, batches: Batches, n_labelled: Mapping[str, list[int]]) -> None:
        """Measure affinities on the first batch that has labels of the most members."""
        present = [[task for task in self.tasks if n_labelled[task][step] > 0] for step in range(self._steps)]
        step = max(range(self._steps), key=lambda step: len(present[step]))
        if len(present[step]) > 1:
            batch = batches[step]
            self.network.eval()  # dropout would drown what a small step does
            meter.look(lambda: self._losses(batch, present[step], None))  # which rounding would drown, too

    def _step(self, batch: Rows, present: list[str], losses_T: Tensor, weights_T: Tensor) -> None:
        """One optimiser step on ``batch``; writes the losses and the weights used into the two rows."""
        losses = self._losses(batch, present, self._autocast)
        weights = self._learner.step(losses, lambda: self._losses(batch, present, self._autocast))
        for i, task in enumerate(self.tasks):
            if task in losses:
                losses_T[i] = losses[task].detach()
                weights_T[i] = weights[task]

    def _losses(self, batch: Rows, present: list[str], autocast: torch.dtype | None) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, autocast, enabled=autocast is not None):
            outputs = self._together.outputs(batch.inputs, present)
        copies = self.config.copies
        losses = {}
        for task in present:
            of_rows = [batch.targets[task], batch.labelled[task]]
            known_N = batch.weights_N
            weights_N = None if known_N is None else known_N / self._mean_weight[task]
            weights_N = self._together.weights(weights_N, len(batch), self.device)
            if weights_N is not None:
                of_rows.append(weights_N)
            losses[task] = self.tasks[task].loss(
                outputs[task].float(), *(tiled(of, copies) for of in of_rows)
            )
        return self._together.total(losses)

    def _check_finite(self, losses_ST: Tensor, n_labelled: Mapping[str, list[int]]) -> None:
        if bool(losses_ST.isfinite().all()):
            return
        for step in range(self._steps):
            for i, task in enumerate(self.tasks):
                if n_labelled[task][step] > 0 and not math.isfinite(losses_ST[step, i]):
                    raise NonFiniteLossError(task, self.epoch, step + 1)

    def _means(self, values_ST: Tensor) -> dict[str, float]:
        return dict(zip(self.tasks, values_ST.nanmean(dim=0).tolist(), strict=True))

    def _device_generator(self, seed: int) -> torch.Generator:
        """Where dropout draws from: a generator can serve one device alone, and not several of a team."""
        of_all = self.device.type == "cpu" and self._team.size == 1
        return self._generator if of_all else torch.Generator(self.device).manual_seed(seed)

    def _autocast_dtype(self) -> torch.dtype | None:
        """The type of mixed precision: bfloat16 keeps float32's range, so no loss scaling is needed."""
        wanted = self.config.precision
        if wanted == "bfloat16" or (
            wanted == "auto" and self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        ):
            return torch.bfloat16
        return None
