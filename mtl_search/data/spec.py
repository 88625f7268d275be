"""The ``data:`` block of a sweep file: where the table is and how its rows are split."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

__all__ = ["DataSpec", "SplitSpec"]

Fraction = Annotated[float, Field(gt=0.0, lt=1.0)]


class SplitSpec(BaseModel):
    """Which rows are train, valid and test.

    By fractions: ``{valid: 0.15, test: 0.15, seed: 0}``; a hash of a row's content and the seed decides,
    so neither the order of the rows nor other rows matter, and equal rows stand together.

    By a column: ``{column: split}`` with values ``train``, ``valid`` (or ``validation``, ``val``, ``dev``)
    and ``test``, in any case. Where the column has no valid rows, ``valid`` is the fraction of the
    ``valid_from`` rows (``train`` or ``test``) that a hash of the row and the seed turns into valid rows:
    ``{column: split, valid: 0.5, valid_from: test, seed: 0}``.

    >>> SplitSpec().valid_fraction, SplitSpec(valid=0.2, test=0.3).test_fraction
    (0.15, 0.3)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    column: Annotated[str, Field(min_length=1)] | None = None
    valid: Fraction | None = None
    test: Fraction | None = None
    valid_from: Literal["train", "test"] | None = None
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _is_one_of_the_two(self) -> Self:
        if self.column is None:
            if self.valid_from is not None:
                raise ValueError("valid_from needs a split column")
            held_back = self.valid_fraction + self.test_fraction
            if held_back >= 1:
                raise ValueError(f"valid + test must be below 1, found {held_back:g}")
        elif self.test is not None:
            raise ValueError("test is a fraction, and goes without a split column")
        elif (self.valid is None) != (self.valid_from is None):
            raise ValueError("with a split column, valid (a fraction) needs valid_from (train or test)")
        return self

    @property
    def valid_fraction(self) -> float:
        """The share of valid rows: of all, or of the ``valid_from`` rows."""
        return 0.15 if self.valid is None else self.valid

    @property
    def test_fraction(self) -> float:
        """The share of test rows."""
        return 0.15 if self.test is None else self.test


class DataSpec(BaseModel):
    """Where the table is, how it is split, and which columns are left out.

    ``source``: a bundled table's name, a path (relative to the sweep file) or a URI, of a Parquet, CSV or
    Feather file or a folder of Parquet parts. Rows of one ``group`` stand in one split. ``drop``: columns
    that are neither inputs nor tasks. ``rows`` and ``train_rows`` keep that many rows, of all or of train,
    chosen by hash.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    source: Annotated[str, Field(min_length=1)]
    split: SplitSpec = SplitSpec()
    group: Annotated[str, Field(min_length=1)] | None = None
    drop: Annotated[tuple[str, ...], Field(strict=False)] = ()
    rows: PositiveInt | None = None
    train_rows: PositiveInt | None = None
