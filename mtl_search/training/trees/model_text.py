"""LightGBM's text of its trees, checked before LightGBM reads it.

It takes for granted that it has written a text itself. Of 600 that were changed at random 387 ended the
process: it writes beyond its memory, or walks in a circle. So it is given nothing that is not checked here,
by the grammar of all that it writes of trees with constant leaves.
"""

# L leaves of a tree, S = L - 1 splits, K categorical ones

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mtl_search.errors import Mismatch

__all__ = ["checked_text"]

VERSION = "v4"
HEADER = (
    *("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective"),
    *("feature_names", "feature_infos", "tree_sizes"),
)
OF_CATEGORIES = ("cat_boundaries", "cat_threshold")
TREE = (
    *("num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child"),
    *("right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight"),
    *("internal_count", *OF_CATEGORIES, "is_linear", "shrinkage"),
)
INTEGERS = re.compile(r"(-?\d{1,10}( -?\d{1,10})*)?")
NUMBER = r"-?(\d{1,400}(\.\d{0,400})?(e[-+]?\d{1,4})?|inf|nan)"
NUMBERS = re.compile(f"({NUMBER}( {NUMBER})*)?")
OBJECTIVE = re.compile(r"[a-z_0-9]{1,40}( [a-z_]{1,40}(:[0-9.]{1,40})?){0,5}")
MOST = 10**6  # outputs

Fields = Mapping[str, str]


def checked_text(text: str) -> str:
    """What predictions hang on in the text of a model; a Mismatch if LightGBM cannot have written it."""
    head, _, rest = text.partition("\n\n")
    if not text.isascii() or not head.startswith("tree\n"):
        raise Mismatch("LightGBM's text of trees", repr(text[:50]))
    header = _fields(head.removeprefix("tree\n"), HEADER)
    if header["version"] != VERSION or not OBJECTIVE.fullmatch(header["objective"]):
        found = f"version {header['version']:.50} and objective {header['objective']:.50}"
        raise Mismatch(f"trees in version {VERSION} of LightGBM's text", found)
    (n_features,) = _integers(header, "max_feature_idx", 1, 0, 2**31 - 2) + 1
    for name in ("feature_names", "feature_infos"):
        if (count := len(header[name].split(" "))) != n_features:
            raise Mismatch(f"{n_features} {name}", str(count))
    (width,) = _integers(header, "num_tree_per_iteration", 1, 1, MOST)
    if _integers(header, "num_class", 1, 1, MOST)[0] != width:
        raise Mismatch("a tree for each class", f"{width} for {header['num_class']}")
    trees = list(_trees(rest, _integers(header, "tree_sizes", None, 1, 2**31 - 1)))
    if not trees or len(trees) % width:
        raise Mismatch(f"rounds of {width} trees", f"{len(trees)} trees")
    for at, tree in enumerate(trees):
        try:
            _check_tree(_fields(tree, TREE), n_features)
        except Mismatch as wrong:
            raise wrong.within(f"tree {at}") from None
    return f"{head}\n\n{rest[: rest.index('end of trees')]}end of trees\n"


def _trees(rest: str, sizes: NDArray[np.int64]) -> Iterator[str]:
    """The fields of each tree; the sizes are what LightGBM finds them by."""
    start = 0
    for at, size in enumerate(sizes.tolist()):
        name, tree = f"Tree={at}\n", rest[start : start + size]
        if len(tree) < size or not tree.startswith(name) or not tree.endswith("\n\n\n"):
            raise Mismatch(f"tree {at} in the {size} characters that tree_sizes says", repr(tree[:50]))
        yield tree.removeprefix(name).removesuffix("\n\n\n")
        start += size
    if not rest.startswith("end of trees\n", start):
        raise Mismatch("the end of the trees", repr(rest[start : start + 50]))


def _check_tree(tree: Fields, n_features: int) -> None:
    (n_leaves,) = _integers(tree, "num_leaves", 1, 1, 2**24).tolist()
    n_splits = n_leaves - 1
    (n_categorical,) = _integers(tree, "num_cat", 1, 0, n_splits).tolist()
    _integers(tree, "is_linear", 1, 0, 0)
    _numbers(tree, "shrinkage", 1)
    _numbers(tree, "leaf_value", n_leaves)
    if n_splits:  # of a tree without, nothing else is read
        _numbers(tree, "leaf_weight", n_leaves)
        _integers(tree, "leaf_count", n_leaves, 0)
    for name in ("split_gain", "internal_value", "internal_weight"):
        _numbers(tree, name, n_splits)
    threshold_S = _numbers(tree, "threshold", n_splits)
    _integers(tree, "internal_count", n_splits, 0)
    _integers(tree, "split_feature", n_splits, 0, n_features - 1)
    types_S = _integers(tree, "decision_type", n_splits, 0, 15)
    _check_children(tree, n_splits)
    if (OF_CATEGORIES[0] in tree) != bool(n_categorical):
        raise Mismatch("cat_boundaries where there are categorical splits", f"{n_categorical} of these")
    of_categories = threshold_S[types_S % 2 == 1]
    if not np.isin(of_categories, np.arange(n_categorical)).all():
        raise Mismatch(f"categorical splits from 0 to {n_categorical - 1}", str(of_categories.tolist()))
    if n_categorical:
        bounds = _integers(tree, "cat_boundaries", n_categorical + 1, 0)
        _integers(tree, "cat_threshold", int(bounds[-1]), 0, 2**32 - 1)
        if bounds[0] != 0 or (np.diff(bounds) < 1).any():
            raise Mismatch("cat_boundaries that rise from 0", tree["cat_boundaries"][:50])


def _check_children(tree: Fields, n_splits: int) -> None:
    """Each split but the first and each leaf is a child once, of an earlier split: there is no circle."""
    left_S, right_S = (_integers(tree, name, n_splits) for name in ("left_child", "right_child"))
    children = np.sort(np.concatenate([left_S, right_S]))
    expected = np.concatenate([np.arange(-n_splits - 1, 0), np.arange(1, n_splits)]) if n_splits else children
    later = np.arange(n_splits)
    if len(children) != len(expected) or (children != expected).any():
        raise Mismatch("each leaf and each split in one place", f"{tree['left_child']:.50} ...")
    if any(((side_S >= 0) & (side_S <= later)).any() for side_S in (left_S, right_S)):
        raise Mismatch("splits below those that lead to them", f"{tree['left_child']:.50} ...")


def _fields(text: str, names: tuple[str, ...]) -> dict[str, str]:
    """The values of lines ``name=value``, of these names in this order; those of categories may lack."""
    found = dict(line.partition("=")[::2] for line in text.split("\n"))
    wanted = [name for name in names if name in found or name not in OF_CATEGORIES]
    if list(found) != wanted or text.count("\n") + 1 != len(wanted):
        other = next((name for name in wanted if name not in found), next(iter(found)))
        raise Mismatch(f"lines of {', '.join(wanted)}", f"others or none, see {other:.50}")
    return found


def _integers(
    fields: Fields, name: str, count: int | None, low: int = -(2**31), high: int = 2**31 - 1
) -> NDArray[np.int64]:
    if not INTEGERS.fullmatch(fields[name]):
        raise Mismatch(f"whole numbers as {name}", f"{fields[name]!r:.50}")
    found = np.array(fields[name].split(), np.int64)
    if count not in (None, len(found)) or ((found < low) | (found > high)).any():
        raise Mismatch(f"{count or 'some'} numbers from {low} to {high} as {name}", f"{fields[name]!r:.50}")
    return found


def _numbers(fields: Fields, name: str, count: int) -> NDArray[np.float64]:
    if not NUMBERS.fullmatch(fields[name]) or len(fields[name].split()) != count:
        raise Mismatch(f"{count} numbers as {name}", f"{fields[name]!r:.50}")
    return np.array(fields[name].split(), np.float64)
