"""The ``data:`` block of a sweep file: where the table is, how it is read and how its rows are split."""

from typing import Annotated, Literal, Self, TypeAlias, final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PositiveInt,
    SerializeAsAny,
    model_validator,
)

from mtl_search.data.inputs import AnyOptions
from mtl_search.errors import Mismatch
from mtl_search.uris import check_no_secret, is_uri

__all__ = ["DataSpec", "MissingValue", "SplitSpec"]

Fraction = Annotated[float, Field(gt=0.0, lt=1.0)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]
Names: TypeAlias = Annotated[tuple[str, ...], Field(strict=False)]


def check_source(value: object) -> object:
    """``value`` if it may be a source; Mismatch else, which repeats nothing that may be secret."""
    if not isinstance(value, str):
        raise Mismatch("text", "nothing" if value is None else f"a {type(value).__name__}")
    if is_uri(value):
        check_no_secret(value)
    return value


Source: TypeAlias = Annotated[Name, BeforeValidator(check_source)]
MissingValue: TypeAlias = int | float | str
MissingValues: TypeAlias = Annotated[tuple[MissingValue, ...], Field(strict=False)]


@final
class SplitSpec(BaseModel):
    """Which rows are train, valid and test.

    By fractions: ``{valid: 0.15, test: 0.15, seed: 0}``; a hash of a row's content (of what is used of it:
    inputs, tasks and group) and the seed decides, so neither the order of the rows nor other rows matter,
    and equal rows stand together. With ``key: [patient, visit]`` the hash is of these columns alone, which
    are then no inputs: neither another choice of columns nor a corrected value moves a row. Rows with a rare
    label are dealt so that each split has its share of them, unless ``stratify`` is false.

    By a column: ``{column: split}`` with values ``train``, ``valid`` (or ``validation``, ``val``, ``dev``)
    and ``test``, in any case. Where the column has no valid rows, ``valid`` is the fraction of the
    ``valid_from`` rows (``train`` or ``test``) that a hash of the row and the seed turns into valid rows:
    ``{column: split, valid: 0.5, valid_from: test, seed: 0}``.

    By time: ``{time: day, valid: 0.15, test: 0.15}``; the last rows by this column are test, those before
    them valid, and rows of one moment stand together. The column is no input unless it is declared as one.

    >>> SplitSpec().valid_fraction, SplitSpec(valid=0.2, test=0.3).test_fraction
    (0.15, 0.3)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    column: Name | None = None
    time: Name | None = None
    key: Names = ()
    valid: Fraction | None = None
    test: Fraction | None = None
    valid_from: Literal["train", "test"] | None = None
    stratify: bool = True
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _is_one_of_the_three(self) -> Self:
        if self.column is not None and self.time is not None:
            raise ValueError("either column or time")
        if self.time is not None and self.key:
            raise ValueError("key says which rows are drawn, and goes without time")
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

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the split is made by, in the order of the options."""
        return tuple(name for name in (self.column, self.time, *self.key) if name is not None)


@final
class DataSpec(BaseModel):
    """Where the table is, how it is read and split, and which columns are left out.

    ``source``: a bundled table's name, a path (relative to the sweep file) or a URI, of a Parquet, CSV or
    Feather file or a folder of Parquet parts. Secrets in a URI are named, ``${NAME}``, and looked up in the
    environment when it is read. Rows of one ``group`` stand in one split. ``weight``: a column
    that says how much each row counts, in losses and metrics. ``drop``: columns that are neither inputs nor
    tasks. ``inputs`` declares columns, ``{zip: categorical}``, with the options of their kind where it has
    some: the others are taken by their type.
    ``missing``: values that count as missing wherever they stand, ``[-999, NA]``, or in the columns named,
    ``{level: [-999]}``. ``separator`` and ``decimal`` are of a CSV file, and are found if they are not given.
    ``rows`` and ``train_rows`` keep that many rows, of all or of train, chosen by hash. ``memory``: encoded
    rows that take more, ``4GiB`` or so many bytes, are read from files; a quarter of the machine's if not
    given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    source: Source
    split: SplitSpec = SplitSpec()
    group: Name | None = None
    weight: Name | None = None
    drop: Names = ()
    inputs: dict[str, SerializeAsAny[AnyOptions]] = {}
    missing: MissingValues | dict[str, MissingValues] = ()
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] | None = None
    rows: PositiveInt | None = None
    train_rows: PositiveInt | None = None
    memory: Annotated[ByteSize, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _group_or_key(self) -> Self:
        if self.group is not None and self.split.key:
            raise ValueError("either group or split.key: rows of one group are drawn together")
        if self.separator is not None and self.separator == self.decimal:
            raise ValueError("a separator and a decimal sign that differ")
        return self

    def missing_in(self, column: str) -> tuple[MissingValue, ...]:
        """The values that count as missing in this column, those of a task's own aside."""
        return self.missing.get(column, ()) if isinstance(self.missing, dict) else self.missing
