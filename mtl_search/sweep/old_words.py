"""Words of earlier sweep files: an error names the one that took the place of each."""

from mtl_search.space import Document

__all__ = ["check_words"]

KEYS = {("sampler", "members"): "grouping"}
VALUES = {("sampler", "grouping"): {"composed": "bayes", "all": "exhaustive", "sampler": "optuna"}}


def check_words(document: Document) -> None:
    """SpecError if ``document`` has an old word.

    >>> check_words(Document.from_value({"sampler": {"members": "composed"}}))
    Traceback (most recent call last):
    ...
    mtl_search.errors.SpecError: <sweep>: sampler.members: expected grouping: bayes, found members: composed
    """
    for old, new in KEYS.items():
        if (value := document.get(old)) is not None:
            renamed = VALUES.get((*old[:-1], new), {}).get(str(value), value)
            raise document.error(old, f"{new}: {renamed}", f"{old[-1]}: {value}")
    for path, words in VALUES.items():
        if (value := str(document.get(path))) in words:
            raise document.error(path, words[value], value)
