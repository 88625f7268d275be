"""Training: the same numbers again, randomness of its own, patience, the best epoch, losses that blow up."""

import math
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, Split
from mtl_search.tasks import Regression
from mtl_search.training import NonFiniteLossError, Score, Training, TrialConfig

MakeConfig = Callable[..., TrialConfig]
Numbers = list[tuple[Mapping[str, float], Mapping[str, float], Mapping[str, float], float]]


def training(config: TrialConfig, dataset: Dataset, seed: int = 0, score: Score | None = None) -> Training:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    return Training(config, dataset, seed=seed, score=score or Score(metrics))


def numbers(reports: list[EpochReport]) -> str:
    """All that was measured but for the time; text, since NaN equals NaN there."""
    return repr([(r.epoch, r.train_loss, r.valid, r.weights, r.score) for r in reports])


def run(one: Training) -> list[EpochReport]:
    reports = []
    while not one.finished:
        reports.append(one.run_epoch())
    return reports


def with_train(dataset: Dataset, **parts: dict[str, Tensor]) -> Dataset:
    """``dataset`` with other ``targets`` or ``labelled`` of some tasks in train."""
    train = dataset.train
    return replace(
        dataset,
        train=replace(
            train,
            targets={**train.targets, **parts.get("targets", {})},
            labelled={**train.labelled, **parts.get("labelled", {})},
        ),
    )


class Scripted(Score):
    """Scores that are known beforehand, one for each epoch."""

    __slots__ = ("left",)
    left: Iterator[float]

    def __init__(self, *scores: float) -> None:
        super().__init__({})
        object.__setattr__(self, "left", iter(scores))

    def __call__(self, values: Mapping[str, float]) -> float:
        return next(self.left)


# same numbers


def test_same_config_and_seed_give_the_same_numbers(dataset: Dataset, make_config: MakeConfig) -> None:
    config = make_config(
        "cost",
        "ill",
        "stage",
        "topics",
        trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.3},
        weighting={"name": "random"},
    )
    first, second = (numbers(run(training(config, dataset, seed=3))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "weighting", ["equal", "random", "uncertainty", "dwa", "pcgrad", "graddrop", "gradnorm"]
)
def test_same_numbers_whatever_the_weighting(
    dataset: Dataset, make_config: MakeConfig, weighting: str
) -> None:
    config = make_config(weighting={"name": weighting}, epochs=2)
    assert numbers(run(training(config, dataset))) == numbers(run(training(config, dataset)))


def test_another_seed_gives_other_numbers(dataset: Dataset, make_config: MakeConfig) -> None:
    config = make_config(epochs=1)
    assert numbers(run(training(config, dataset, seed=1))) != numbers(run(training(config, dataset, seed=2)))


def test_trainings_may_take_turns(dataset: Dataset, make_config: MakeConfig) -> None:
    one = make_config(trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.3})
    other = make_config("cost", "ill", weighting={"name": "random"}, batch_size=16)
    alone = [numbers(run(training(config, dataset, seed=5))) for config in (one, other)]
    a, b = (training(config, dataset, seed=5) for config in (one, other))
    reports: tuple[list[EpochReport], list[EpochReport]] = ([], [])
    while not (a.finished and b.finished):
        torch.rand(7)
        reports[0].append(a.run_epoch())
        reports[1].append(b.run_epoch())
    assert [numbers(r) for r in reports] == alone


def test_the_callers_random_numbers_are_its_own(dataset: Dataset, make_config: MakeConfig) -> None:
    torch.manual_seed(11)
    expected = torch.rand(5)
    torch.manual_seed(11)
    run(training(make_config(epochs=2), dataset))
    assert torch.equal(torch.rand(5), expected)


def test_an_epoch_does_not_touch_the_global_generator(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = training(make_config(trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.3}), dataset)

    def forbidden(*args: object) -> None:
        raise AssertionError("the global state is replaced")

    for name in ("set_rng_state", "manual_seed"):
        monkeypatch.setattr(torch, name, forbidden)
    before = torch.get_rng_state()
    one.run_epoch()
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_do_not_change_who_is_initialised_how(dataset: Dataset, make_config: MakeConfig) -> None:
    torch.manual_seed(1)
    a = training(make_config(), dataset, seed=9)
    torch.manual_seed(2)
    b = training(make_config(), dataset, seed=9)
    same = [torch.equal(p, q) for p, q in zip(a.network.parameters(), b.network.parameters(), strict=True)]
    assert all(same)


def test_a_missing_label_never_matters(dataset: Dataset, make_config: MakeConfig) -> None:
    # the value that stands where a label is missing is arbitrary
    missing = ~dataset.train.labelled["cost"]
    assert missing.any()
    spoiled = dataset.train.targets["cost"].masked_fill(missing, 1e6)
    other = with_train(dataset, targets={"cost": spoiled})
    config = make_config("cost", "ill")
    assert numbers(run(training(config, dataset))) == numbers(run(training(config, other)))


# learning


def test_it_learns(dataset: Dataset, make_config: MakeConfig) -> None:
    reports = run(training(make_config(epochs=25), dataset))
    for task in ("cost", "ill", "stage"):
        assert reports[-1].train_loss[task] < 0.8 * reports[0].train_loss[task]
    assert reports[-1].valid["ill"] > 0.75, "AUROC of a task that can be learned"


def test_reports_are_complete(dataset: Dataset, make_config: MakeConfig) -> None:
    reports = run(training(make_config(epochs=2), dataset))
    assert [r.epoch for r in reports] == [1, 2]
    for report in reports:
        assert (
            list(report.train_loss) == list(report.valid) == list(report.weights) == ["cost", "ill", "stage"]
        )
        assert all(math.isfinite(v) for part in (report.train_loss, report.valid) for v in part.values())
        assert report.weights == dict.fromkeys(("cost", "ill", "stage"), 1.0)
        assert report.seconds > 0


def test_weights_used_are_reported(dataset: Dataset, make_config: MakeConfig) -> None:
    weights = {"cost": 0.25, "ill": 1.75}
    config = make_config("cost", "ill", weighting={"name": "fixed", "weights": weights}, epochs=1)
    assert run(training(config, dataset))[0].weights == pytest.approx(weights)


def test_a_row_counts_by_its_weight(dataset: Dataset, make_config: MakeConfig) -> None:
    """In the loss, relative to the rows that have labels of the task, and in what is best on valid."""
    config = make_config("cost", "ill", "stage", batch_size=1000, epochs=1)

    def weighed(weights_N: Tensor) -> tuple[EpochReport, Training]:
        train = replace(dataset.train, weights_N=weights_N)
        valid = replace(dataset.valid, weights_N=torch.ones(len(dataset.valid)))
        one = training(config, replace(dataset, train=train, valid=valid))
        return one.run_epoch(), one

    plain = training(config, dataset).run_epoch()
    alike, _ = weighed(torch.full((len(dataset.train),), 3.0))
    assert alike.train_loss == pytest.approx(plain.train_loss, rel=1e-5)
    assert alike.valid == pytest.approx(plain.valid, rel=1e-4)
    weights_N = 1.0 + torch.arange(len(dataset.train)) % 4
    report, _ = weighed(weights_N)
    first = training(config, dataset)
    with torch.inference_mode():
        outputs = first.network(dataset.train.inputs)
    for name in config.members:
        rows, labelled_N = dataset.train, dataset.train.labelled[name]
        mean = weights_N[labelled_N].mean()
        of_rows = (outputs[name], rows.targets[name], labelled_N, weights_N / mean)
        assert report.train_loss[name] == pytest.approx(float(dataset.tasks[name].loss(*of_rows)), rel=1e-5)
        assert report.train_loss[name] != pytest.approx(plain.train_loss[name], rel=1e-5)


def test_one_batch_may_hold_all_rows(dataset: Dataset, make_config: MakeConfig) -> None:
    reports = run(training(make_config("cost", batch_size=10_000, epochs=2), dataset))
    assert len(reports) == 2


def test_clipping_bounds_the_step(dataset: Dataset, make_config: MakeConfig) -> None:
    # plain SGD moves by lr times the gradient: its norm is the largest that clip_norm allows
    def moved(clip_norm: float | None) -> float:
        config = make_config(
            "cost",
            "ill",
            batch_size=10_000,
            epochs=1,
            clip_norm=clip_norm,
            optimizer={"name": "sgd", "lr": 0.5, "momentum": 0.0},
            schedule={"name": "constant"},
        )
        one = training(config, dataset)
        before = [p.detach().clone() for p in one.network.parameters()]
        one.run_epoch()
        change = [p.detach() - q for p, q in zip(one.network.parameters(), before, strict=True)]
        return float(torch.cat([part.flatten() for part in change]).norm())

    free = moved(None)
    assert free > 0.01
    assert moved(0.01) == pytest.approx(0.5 * 0.01, rel=1e-3)
    assert moved(1e6) == pytest.approx(free, rel=1e-6)


# batches that lack labels


def test_a_batch_without_labels_of_a_task_leaves_it_alone(dataset: Dataset, make_config: MakeConfig) -> None:
    labelled = torch.zeros_like(dataset.train.labelled["cost"])
    labelled[:3] = True
    sparse = with_train(dataset, labelled={"cost": labelled})
    config = make_config("cost", "ill", batch_size=8, epochs=1)
    report = run(training(config, sparse))[0]
    assert math.isfinite(report.train_loss["cost"])
    assert math.isfinite(report.train_loss["ill"])


@pytest.mark.parametrize("weighting", ["equal", "uncertainty", "pcgrad", "dwa", "famo"])
def test_a_batch_without_any_label_is_passed_over(
    dataset: Dataset, make_config: MakeConfig, weighting: str
) -> None:
    few = {}
    for task in ("cost", "ill"):
        few[task] = torch.zeros_like(dataset.train.labelled[task])
        few[task][:2] = dataset.train.labelled[task][:2] = True
    sparse = with_train(dataset, labelled=few)
    config = make_config("cost", "ill", batch_size=4, epochs=2, weighting={"name": weighting})
    reports = run(training(config, sparse))
    assert all(math.isfinite(r.train_loss[task]) for r in reports for task in ("cost", "ill"))


def test_a_task_without_labels_in_its_batches_keeps_its_head(
    dataset: Dataset, make_config: MakeConfig
) -> None:
    nothing = torch.zeros_like(dataset.train.labelled["cost"])
    one = training(make_config("cost", "ill", epochs=1), with_train(dataset, labelled={"cost": nothing}))
    before = [p.detach().clone() for p in one.network.task_parameters("cost")]
    report = one.run_epoch()
    after = one.network.task_parameters("cost")
    assert all(torch.equal(p, q) for p, q in zip(before, after, strict=True))
    assert math.isnan(report.train_loss["cost"])
    assert math.isnan(report.weights["cost"])


# patience and the best epoch


def test_the_best_epoch_is_restored(dataset: Dataset, make_config: MakeConfig) -> None:
    one = training(make_config("cost", epochs=4), dataset, score=Scripted(1.0, 3.0, 2.0, 2.5))
    states = []
    while not one.finished:
        one.run_epoch()
        states.append({name: value.clone() for name, value in one.network.state_dict().items()})
    assert (one.best.epoch, one.best.score) == (2, 3.0)
    one.restore_best()
    restored = one.network.state_dict()
    assert all(torch.equal(restored[name], states[1][name]) for name in restored)
    assert not all(torch.equal(restored[name], states[3][name]) for name in restored)


def test_what_was_best_is_measured_again(dataset: Dataset, make_config: MakeConfig) -> None:
    one = training(make_config(epochs=4), dataset, score=Scripted(1.0, 3.0, 2.0, 2.5))
    reports = run(one)
    one.restore_best()
    metrics = one.evaluate(dataset.valid, Split.VALID)
    again = {m.task: m.value for m in metrics if m.name == dataset.tasks[m.task].metric.name}
    assert again == pytest.approx(reports[1].valid)


@pytest.mark.parametrize(
    ("patience", "scores", "epochs"),
    [
        (1, [1.0, 0.9, 2.0], 2),
        (2, [1.0, 0.9, 2.0, 1.9, 1.8, 3.0], 5),
        (2, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 6),
        (2, [1.0, 1.0, 1.0, 1.0], 3),  # equal is not better
        (3, [math.nan, math.nan, math.nan, 1.0], 3),
        (3, [math.nan, math.nan, 1.0, 0.0, 0.0, 0.0], 6),
        (None, [3.0, 1.0, 1.0, 1.0, 1.0, 1.0], 6),
    ],
    ids=str,
)
def test_patience_ends_a_training(
    dataset: Dataset, make_config: MakeConfig, patience: int | None, scores: list[float], epochs: int
) -> None:
    one = training(make_config("cost", epochs=6, patience=patience), dataset, score=Scripted(*scores))
    assert len(run(one)) == epochs


def test_no_score_is_no_best_epoch(dataset: Dataset, make_config: MakeConfig) -> None:
    one = training(make_config("cost", epochs=2), dataset, score=Scripted(math.nan, math.nan))
    run(one)
    one.restore_best()
    assert one.best.epoch == 0


# losses that blow up


def blow_up(monkeypatch: pytest.MonkeyPatch, call: int, value: float) -> None:
    """Make the loss of regressions ``value`` in its ``call``-th computation."""
    calls = iter(range(1, 1_000_000))
    plain = Regression.loss

    def loss(self: Regression, *args: Tensor) -> Tensor:
        result = plain(self, *args)
        return result * value if next(calls) == call else result

    monkeypatch.setattr(Regression, "loss", loss)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(("call", "epoch", "step"), [(1, 1, 1), (3, 1, 3), (5, 2, 1)])
def test_a_loss_that_is_no_number_is_named(
    dataset: Dataset,
    make_config: MakeConfig,
    monkeypatch: pytest.MonkeyPatch,
    call: int,
    epoch: int,
    step: int,
    value: float,
) -> None:
    steps = 4
    size = math.ceil(len(dataset.train) / steps)
    full = torch.ones_like(dataset.train.labelled["cost"])
    blow_up(monkeypatch, call, value)
    one = training(make_config("cost", "ill", batch_size=size), with_train(dataset, labelled={"cost": full}))
    with pytest.raises(NonFiniteLossError, match="task 'cost' is not finite") as blown:
        run(one)
    assert (blown.value.task, blown.value.epoch, blown.value.step) == ("cost", epoch, step)
    assert one.epoch == epoch


@pytest.mark.parametrize(
    "weighting", ["equal", "uncertainty", "pcgrad", "cagrad", "nash_mtl", "upgrad", "mgda", "gradnorm"]
)
def test_a_blown_up_loss_is_named_under_every_weighting(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, weighting: str
) -> None:
    blow_up(monkeypatch, 2, math.nan)
    one = training(make_config("cost", "ill", weighting={"name": weighting}), dataset)
    with pytest.raises(NonFiniteLossError):
        run(one)


def test_a_learning_rate_beyond_reason_is_a_blown_up_loss(dataset: Dataset, make_config: MakeConfig) -> None:
    optimizer = {"name": "sgd", "lr": 1e20, "momentum": 0.0}
    one = training(make_config("cost", optimizer=optimizer, schedule={"name": "constant"}), dataset)
    with pytest.raises(NonFiniteLossError, match="'cost'"):
        run(one)


def test_the_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(NonFiniteLossError("cost", 3, 7)))
    assert (error.task, error.epoch, error.step) == ("cost", 3, 7)
    assert str(error) == "the loss of task 'cost' is not finite in epoch 3, step 7"


# precision and devices


def test_bfloat16_trains_on_the_cpu(dataset: Dataset, make_config: MakeConfig) -> None:
    plain, half = (run(training(make_config(precision=p), dataset)) for p in ("float32", "bfloat16"))
    assert numbers(plain) != numbers(half)
    assert half[-1].train_loss == pytest.approx(plain[-1].train_loss, rel=0.1, abs=0.05)


def test_auto_precision_is_float32_on_the_cpu(dataset: Dataset, make_config: MakeConfig) -> None:
    plain, auto = (numbers(run(training(make_config(precision=p), dataset))) for p in ("float32", "auto"))
    assert plain == auto
