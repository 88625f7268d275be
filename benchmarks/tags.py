"""Linear models of words and their neighbours on a sweep of tagged texts: what networks must be better than.

    python -m benchmarks.tags search_spaces/turkish_web.yaml

The same rows and splits as the sweep, trained on train, accuracy on test. A tag is predicted from the token,
the ends and beginnings of its word, whether it has capitals or digits, and the two words on each side; the
label of a whole text from its words and groups of letters, weighted by how rare they are. Strength of
regularisation: scikit-learn's own. ``--quick`` trains on 100 texts.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline, make_union

from benchmarks.baselines import asked_for
from mtl_search.data.hashing import hash_rows
from mtl_search.data.sources import read_table
from mtl_search.data.splits import split_rows
from mtl_search.data.targets import find_strata
from mtl_search.records import Split
from mtl_search.sweep import SweepSpec, load_sweep

WIDTH = 2  # words on each side
Texts = Sequence[Sequence[str]]


def main() -> None:
    """Train a linear model of each task of tokens or texts and print its accuracy on test."""
    chosen = asked_for(__doc__)
    spec = load_sweep(chosen.sweep)
    train, test = (part.to_pydict() for part in parts(spec))
    tokens, first = next(iter(spec.settings.data.inputs)), 100 if chosen.quick else None
    for name, task in spec.settings.tasks.items():
        of_texts = (tokens_accuracy if task.kind == "tagging" else texts_accuracy)(
            train[tokens][:first], train[name][:first], test[tokens], test[name]
        )
        print(f"{name:12} {of_texts:.3f}")


def parts(spec: SweepSpec) -> tuple[pa.Table, pa.Table]:
    """The train and the test rows of a sweep."""
    data, tasks = spec.settings.data, spec.settings.tasks
    table = read_table(data.source, spec.base)
    index = split_rows(table, hash_rows(table, [*data.inputs, *tasks]), data, find_strata(tasks, table))
    return table.take(pa.array(index[Split.TRAIN])), table.take(pa.array(index[Split.TEST]))


def tokens_accuracy(train: Texts, tags: Texts, test: Texts, truth: Texts) -> float:
    """Of a model of each token by itself; tags that are missing are no rows."""
    model = make_pipeline(DictVectorizer(), LogisticRegression(max_iter=300))
    model.fit(*_labelled(train, tags))
    tokens, true = _labelled(test, truth)
    return float(accuracy_score(true, model.predict(tokens)))


def texts_accuracy(train: Texts, labels: Sequence[str], test: Texts, truth: Sequence[str]) -> float:
    """Of a model of whole texts."""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
    model = make_pipeline(make_union(words, letters), LogisticRegression(max_iter=300))
    model.fit([" ".join(text) for text in train], labels)
    return float(accuracy_score(truth, model.predict([" ".join(text) for text in test])))


def _labelled(texts: Texts, tags: Texts) -> tuple[list[dict[str, str | bool]], list[str]]:
    found = [
        (features, tag)
        for text, of_text in zip(texts, tags, strict=True)
        for features, tag in zip(_features(text), of_text, strict=True)
        if tag is not None
    ]
    return [features for features, _ in found], [tag for _, tag in found]


def _features(text: Sequence[str]) -> Iterator[dict[str, str | bool]]:
    padded = ["<", *[""] * (WIDTH - 1), *text, *[""] * (WIDTH - 1), ">"]
    for place, token in enumerate(text):
        found: dict[str, str | bool] = {"capital": token[:1].isupper(), "digit": any(map(str.isdigit, token))}
        found |= {f"end {n}": token[-n:].lower() for n in range(1, 6)}
        found |= {f"start {n}": token[:n].lower() for n in range(1, 4)}
        around = padded[place : place + 2 * WIDTH + 1]
        yield found | {f"word {at - WIDTH:+}": word.lower() for at, word in enumerate(around)}


if __name__ == "__main__":
    main()
