"""How a text becomes tokens, their codes and their character n-grams."""

from mtl_search.data.inputs.texts.columns import MISSING, RESERVED, UNKNOWN, Tokens
from mtl_search.data.inputs.texts.ngrams import NGrams
from mtl_search.data.inputs.texts.words import Words

__all__ = ["MISSING", "RESERVED", "UNKNOWN", "NGrams", "Tokens", "Words"]
