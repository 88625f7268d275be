"""Texts that LightGBM has not written never reach it: of most of them it would make the process crash."""

import lightgbm
import numpy as np
import pytest

from mtl_search.errors import Mismatch
from mtl_search.training.trees.model_text import checked_text

ROWS = 300
ROWS_NF = np.random.default_rng(0).normal(size=(ROWS, 3))
ROWS_NF[:, 2] = np.arange(ROWS) % 40
FIXED = {"verbosity": -1, "num_threads": 1, "num_leaves": 4, "deterministic": True}
CATEGORIES = {"max_cat_to_onehot": 1, "cat_smooth": 1, "min_data_per_group": 1}


def booster(objective: str, **options: object) -> lightgbm.Booster:
    codes = ((ROWS_NF[:, 2] // 7 + (ROWS_NF[:, 0] > 0) + (ROWS_NF[:, 1] > 0.3)) % 3).astype(int)
    labels = codes if objective == "multiclass" else codes % 2
    data = lightgbm.Dataset(ROWS_NF, labels, categorical_feature=[2])
    return lightgbm.train({**FIXED, **CATEGORIES, "objective": objective, **options}, data, 3)


@pytest.fixture(scope="module")
def text() -> str:
    return booster("multiclass", num_class=3).model_to_string()


@pytest.mark.parametrize(
    ("objective", "options"),
    [
        ("binary", {}),
        ("multiclass", {"num_class": 3}),
        ("regression", {}),
        ("huber", {"alpha": 0.5}),
        ("regression", {"min_data_in_leaf": ROWS}),  # a leaf alone
    ],
)
def test_what_it_wrote_says_the_same(objective: str, options: dict[str, object]) -> None:
    whole = booster(objective, **options)
    again = lightgbm.Booster(model_str=checked_text(whole.model_to_string()))
    wanted, found = (one.predict(ROWS_NF, raw_score=True) for one in (whole, again))
    assert np.array_equal(np.asarray(wanted), np.asarray(found))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tree\n", "bush\n", "LightGBM's text"),
        ("version=v4", "version=v3", "version v4"),
        ("max_feature_idx=2", "max_feature_idx=9", "10 feature_names, found 3"),
        ("num_class=3", "num_class=9", "a tree for each class"),
        ("num_tree_per_iteration=3", "num_tree_per_iteration=-3", "num_tree_per_iteration"),
        ("tree_sizes=", "tree_sizes=1", "that tree_sizes says"),
        ("Tree=1\n", "Tree=7\n", "tree 1 in the"),
        ("num_leaves=4", "num_leaves=3", "tree 0: expected 3 numbers as leaf_value"),
        ("num_leaves=4", "num_leaves=9" * 600, "num_leaves"),
        ("split_feature=2", "split_feature=8", "3 numbers from 0 to 2 as split_feature"),
        ("left_child=1", "left_child=0", "each leaf and each split in one place"),
        ("decision_type=", "decision_type=9", "from 0 to 15 as decision_type"),
        ("threshold=0", "threshold=5", "categorical splits from 0 to"),
        ("cat_boundaries=0 2", "cat_boundaries=0 9", "as cat_threshold"),
        ("is_linear=0", "is_linear=1", "is_linear"),
        ("shrinkage=1", "shrinkage=x", "1 numbers as shrinkage"),
        ("leaf_value=", "leaf_worth=", "lines of"),
        ("end of trees", "end", "the end of the trees"),
    ],
)
def test_what_it_cannot_have_written_is_refused(text: str, old: str, new: str, said: str) -> None:
    assert old in text
    changed = text.replace(old, new, 1)
    if text.index("Tree=0") < text.index(old) < text.index("Tree=1"):  # so that the sizes are right
        (sizes,) = (line for line in changed.splitlines() if line.startswith("tree_sizes="))
        first = int(sizes.removeprefix("tree_sizes=").split()[0])
        changed = changed.replace(f"tree_sizes={first}", f"tree_sizes={first + len(new) - len(old)}")
    with pytest.raises(Mismatch, match=said):
        checked_text(changed)
