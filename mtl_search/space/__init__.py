"""Search spaces: `trial:` of a sweep file has the shape of a trial, and any leaf may be a range.

Why it is done so:

- **One shape.** A sweep file is a trial with ranges in it, so who can write one can write the other, and
  a sampled configuration can be pasted back. There are no references, expressions or inheritance: a file says
  what it means where it says it, and ``one_of`` is the only condition.
- **Checked when loaded.** Both ends of each range, under each alternative, are made into configurations and
  validated before anything starts; an error about a value has the line of its range.
- **Optuna's rules, without Optuna.** Within a study a name must keep its range: parameters are named by
  dotted path, alternatives have paths of their own, the cut of a pair and the weight of a task do not depend
  on the other members, and a split point is drawn from its whole range even where a trial's trunk has fewer
  stages. Choices are scalars. ``optuna.Trial`` fits ``Suggest``, as does ``RandomSuggest``.
- **Values, not closures.** A space is frozen, can be pickled and is cheap to sample.
"""

from mtl_search.space.document import Document
from mtl_search.space.members import MembersRange
from mtl_search.space.parameter import Categorical, FloatRange, IntRange, Parameter
from mtl_search.space.pydantic_errors import spec_error
from mtl_search.space.search_space import SearchSpace
from mtl_search.space.suggest import FixedSuggest, RandomSuggest, Scalar, Suggest
from mtl_search.space.yaml import load_document, parse_document

__all__ = [
    "Categorical",
    "Document",
    "FixedSuggest",
    "FloatRange",
    "IntRange",
    "MembersRange",
    "Parameter",
    "RandomSuggest",
    "Scalar",
    "SearchSpace",
    "Suggest",
    "load_document",
    "parse_document",
    "spec_error",
]
