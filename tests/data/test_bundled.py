"""The bundled tables, with all their tasks, in the protocols they are used in."""

from pathlib import Path

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch.nn.functional import one_hot

from mtl_search.data import Dataset, DataSpec, Rows, SplitSpec, load_dataset
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Split
from mtl_search.sweep import load_sweep
from tests.fixtures.data import task_configs

SUPPORT2 = {
    **dict.fromkeys(["hospital_death", "death", "death_180d", "dnr"], "binary"),
    "functional_outcome": "multiclass",
    **dict.fromkeys(["log_stay", "log_charges", "log_cost", "care_intensity"], "regression"),
}

QM9 = ["mu", "alpha", "homo", "lumo", "gap", "r2", "zpve", "u0", "u298", "h298", "g298", "cv"]


def load(tasks: dict[str, object], **spec: object) -> Dataset:
    return load_dataset(DataSpec.model_validate(spec), task_configs(tasks), base=Path("/nowhere"))


@pytest.fixture(scope="module")
def support2() -> Dataset:
    return load({**SUPPORT2}, source="support2")


def test_support2_has_nine_tasks_and_26_inputs(support2: Dataset) -> None:
    summary = support2.summary()
    assert sum(summary.rows.values()) == 9105
    assert len(summary.numeric) + len(summary.categorical) == 26
    assert len(summary.missing_indicators) > 8
    assert summary.warnings == ()
    labelled = {task.name: sum(task.labelled.values()) for task in summary.tasks}
    assert labelled["functional_outcome"] == 9105 - 1400
    assert labelled["log_cost"] == 9105 - 905


def features(rows: Rows, cardinalities: tuple[int, ...]) -> object:
    codes = zip(rows.inputs["categorical"].T, cardinalities, strict=True)
    return torch.cat([rows.inputs["numeric"], *(one_hot(codes_N, n) for codes_N, n in codes)], 1).numpy()


def test_a_linear_model_on_the_encoding_predicts_well(support2: Dataset) -> None:
    """Published and re-measured gradient boosting reaches 0.81: little is lost on the way to tensors."""
    shape = support2.input_shape.cardinalities
    model = LogisticRegression(C=0.1, max_iter=300)
    model.fit(features(support2.train, shape), support2.train.targets["hospital_death"])
    scores = model.decision_function(features(support2.valid, shape))
    assert roc_auc_score(support2.valid.targets["hospital_death"], scores) > 0.78


def test_an_outcome_among_the_inputs_is_noticed() -> None:
    (warning,) = load({"log_cost": "regression"}, source="support2").warnings
    assert warning.startswith("input 'log_charges' nearly equals task 'log_cost' (rank correlation 0.9")


def test_census_income_with_its_published_test_rows_halved() -> None:
    split = SplitSpec(column="split", valid=0.5, valid_from="test").model_dump()
    tasks: dict[str, object] = dict.fromkeys(["income", "never_married", "college"], "binary")
    data = load(tasks, source="census_income", split=split, train_rows=20_000)
    rows = data.summary().rows
    assert rows[Split.TRAIN] == 20_000
    assert rows[Split.VALID] + rows[Split.TEST] == 99_762
    assert rows[Split.VALID] == pytest.approx(99_762 / 2, rel=0.02)
    assert len(data.encoding.columns) == 38
    assert all(task.labelled == rows for task in data.summary().tasks)
    repeats, not_asked, unknown = data.warnings
    assert "test rows equal a train row in all inputs" in repeats
    assert not_asked.startswith("'NA' in column 'hisp_origin'")
    assert unknown.startswith("'?' in columns")


def test_yeast_as_one_multilabel_task() -> None:
    columns = [f"class{i}" for i in range(1, 15)]
    data = load({"functions": {"kind": "multilabel", "columns": columns}}, source="yeast")
    assert data.tasks["functions"].n_outputs == 14
    assert data.input_shape.n_numeric == 103
    assert data.train.targets["functions"].shape == (len(data.train), 14)


def test_qm9_has_twelve_properties_and_34_inputs() -> None:
    tasks: dict[str, object] = dict.fromkeys(QM9, "regression")
    data = load(tasks, source="qm9", train_rows=6000)
    assert data.test is not None
    rows = data.summary().rows
    assert rows[Split.TRAIN] == 6000
    assert rows[Split.TEST] == pytest.approx(3000, rel=0.05)
    assert data.input_shape.n_numeric == 34
    assert all(task.labelled == rows for task in data.summary().tasks)
    gap, lumo, homo = (data.tasks[name].truths(data.test.targets[name]) for name in ("gap", "lumo", "homo"))
    assert torch.allclose(gap, lumo - homo, atol=2e-4)


def test_committed_results_are_of_the_data_as_it_is_read_now() -> None:
    """Else they could be neither resumed nor exported."""
    board = Leaderboard(Path(__file__).parents[2] / "results" / "support2")
    settings = load_sweep(board.path / "sweep.yaml").settings
    data = load_dataset(settings.data, settings.tasks, base=board.path)
    assert set(board.trials()["data"].to_pylist()) == {data.fingerprint}
