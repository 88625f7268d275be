"""How a text becomes tokens, their codes, and their character n-grams or pieces."""

from mtl_search.data.inputs.texts.pieces import Pieces
from mtl_search.data.inputs.texts.tokens import MISSING, RESERVED, UNKNOWN, Tokens
from mtl_search.data.inputs.texts.words import Words

__all__ = ["MISSING", "RESERVED", "UNKNOWN", "Pieces", "Tokens", "Words"]
