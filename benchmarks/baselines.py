"""Logistic regression and gradient boosting on the binary tasks of a sweep: what one model a task reaches.

    python -m benchmarks.baselines search_spaces/census_income.yaml

The same rows and splits as the sweep: trained on train, AUROC on test. Logistic regression sees the sweep's
encoding with categories one-hot, gradient boosting (histogram-based, early stopping within train) the table
as it is. ``--quick`` trains on 2,000 rows.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mtl_search.data import Rows, load_dataset
from mtl_search.sweep import load_sweep

Floats = NDArray[np.float64]


def main() -> None:
    """Train both models on every binary task and print their AUROC on test."""
    chosen = asked_for(__doc__)
    spec = load_sweep(chosen.sweep)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    assert dataset.test is not None
    n_numeric = dataset.input_shape.n_numeric
    train, test = dataset.train, dataset.test
    if chosen.quick:
        train = train.slice(0, 2000)
    found: dict[str, dict[str, float]] = {}
    print(f"{'task':24} {'logistic regression':>20} {'gradient boosting':>20}")
    for name, task in dataset.tasks.items():
        if task.kind == "binary":
            found[name] = aurocs(train, test, name, n_numeric)
            print(f"{name:24} {found[name]['logistic']:20.4f} {found[name]['boosting']:20.4f}")
    print(json.dumps(found))


def asked_for(about: str | None) -> argparse.Namespace:
    """The sweep whose rows are used, and whether it is a quick shape."""
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=about, formatter_class=plain)
    options.add_argument("sweep", type=Path)
    options.add_argument("--quick", action="store_true")
    return options.parse_args()


def aurocs(train: Rows, test: Rows, task: str, n_numeric: int) -> dict[str, float]:
    """AUROC on test of both models of ``task``."""
    columns = np.arange(inputs(train, task).shape[1])
    categorical = columns >= n_numeric
    linear = make_pipeline(
        make_column_transformer(
            ("passthrough", columns[~categorical]),
            (OneHotEncoder(handle_unknown="ignore"), columns[categorical]),
        ),
        LogisticRegression(max_iter=500),
    )
    small = categorical & (inputs(train, task).max(axis=0) < 255)
    trees = HistGradientBoostingClassifier(categorical_features=small, early_stopping=True, random_state=0)
    return {
        name: round(float(roc_auc_score(labels(test, task), scores(model, train, test, task))), 4)
        for name, model in (("logistic", linear), ("boosting", trees))
    }


def scores(model: object, train: Rows, test: Rows, task: str) -> Floats:
    """The model's probabilities on test."""
    fitted = model.fit(inputs(train, task), labels(train, task))  # type: ignore[attr-defined]
    probabilities: Floats = fitted.predict_proba(inputs(test, task))[:, 1]
    return probabilities


def inputs(rows: Rows, task: str) -> Floats:
    """Numbers, then category codes, of the rows with a label."""
    known = rows.labelled[task].numpy()
    parts = [rows.inputs["numeric"].numpy(), rows.inputs["categorical"].numpy()]
    found: Floats = np.concatenate(parts, axis=1)[known].astype(float)
    return found


def labels(rows: Rows, task: str) -> Floats:
    """The labels that are known."""
    known: Floats = rows.targets[task].numpy()[rows.labelled[task].numpy()]
    return known


if __name__ == "__main__":
    main()
