"""A draft: a look at a table, what its columns and tasks are, and the sweep file that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import final

import pyarrow as pa
from pydantic import TypeAdapter

from mtl_search.data import Dataset, DataSpec, SplitSpec, dataset_from_table
from mtl_search.data.declared import InputKind, as_declared
from mtl_search.data.inputs import AnyOptions
from mtl_search.data.inputs.categorical import CategoricalOptions
from mtl_search.data.inputs.numeric import NumericOptions
from mtl_search.data.missing import with_missing
from mtl_search.data.plain import plain_table
from mtl_search.data.sources import located
from mtl_search.drafting.codes import find_codes
from mtl_search.drafting.leaking import find_leaking
from mtl_search.drafting.media import SHORT, Medium, media_of
from mtl_search.drafting.profiles import Profile, profiles_of
from mtl_search.drafting.sampling import Sample
from mtl_search.drafting.signs import Signs, find_signs
from mtl_search.drafting.targets import likely_targets
from mtl_search.drafting.tasks import DraftTask, draft_task
from mtl_search.drafting.uses import Uses, uses_of
from mtl_search.errors import DataError, nearest
from mtl_search.tasks import TaskConfig

__all__ = ["DraftData", "Look", "draft_data", "look_at", "needs_tasks"]

ROUNDS = 3  # of leaks: with one gone, another may show
MOST_BYTES = 500 * 2**20  # of images, texts and series in the rows that are looked at
NO_CODES: Mapping[str, str] = MappingProxyType({})
MOST_ROWS = 300_000  # of a larger table, with which designs are compared as well


@final
@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What can be said of a table before its tasks are known.

    ``table``: the rows that were looked at, plain, with null for what counts as missing; the profiles are of
    its columns as the signs declare them.
    """

    source: str
    sample: Sample
    signs: Signs
    table: pa.Table
    profiles: Mapping[str, Profile]

    @property
    def likely(self) -> tuple[str, ...]:
        """The columns that look like targets."""
        return likely_targets(self.profiles)


def look_at(source: str, sample: Sample) -> Look:
    """The look at a sample; ``source`` names its table."""
    plain = with_missing(plain_table(sample.table), DataSpec(source=source), {})
    signs = find_signs(plain)
    spec = DataSpec(source=source, missing=dict(signs.missing), inputs=_options(signs.declared))
    table = with_missing(plain, spec, {})
    profiles = profiles_of(as_declared(table, signs.declared), sample.n_rows)
    return Look(source, sample, signs, table, profiles)


def needs_tasks(look: Look) -> DataError:
    """The error where nobody says what is to be predicted."""
    likely = look.likely
    hint = f"--tasks with columns of it; these look like targets: {', '.join(likely)}" if likely else None
    return DataError(f"{look.source}: tasks", "the columns to predict", "none named", hint)


@final
@dataclass(frozen=True, slots=True, eq=False)
class DraftData:
    """The blocks ``data`` and ``tasks``, with their reasons, and the data that they make of the sample.

    ``media``: the inputs that are images, texts and series; ``codes``: those that are categories though they
    are numbers; ``notes``: what else was seen.
    """

    look: Look
    tasks: tuple[DraftTask, ...]
    uses: Uses
    media: Mapping[str, Medium]
    codes: Mapping[str, str]
    spec: DataSpec
    dataset: Dataset
    notes: tuple[str, ...]

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why columns are declared to be what they are."""
        of_media = {name: medium.reason for name, medium in self.media.items()}
        return dict.fromkeys(self.spec.inputs, "numbers, written as text") | dict(self.codes) | of_media

    @property
    def train_rows(self) -> int:
        """Of the whole table, or of what is used of it."""
        used = min(self.look.sample.n_rows, self.spec.rows or self.look.sample.n_rows)
        return round(used * len(self.dataset.train) / len(self.look.table))


def draft_data(look: Look, names: Sequence[str]) -> DraftData:
    """What the columns are for, if these are to be predicted; DataError if that cannot be."""
    with located(look.source):
        media = media_of(look.table, names)
        tasks = _tasks(look, names, media)
        if not look.profiles.keys() - set(names):
            raise DataError("inputs", "a column besides the tasks", f"none in {len(look.profiles)}")
        uses = uses_of(look.profiles, frozenset(names), media)
        if not look.profiles.keys() - {*names, *uses.drop}:  # nothing to read: short texts, if there are any
            media = media_of(look.table, names, SHORT)
            uses = uses_of(look.profiles, frozenset(names), media)
        uses, media = _for_parts(look, tasks, uses, media)
        configs = _configs(tasks)
        look = replace(_thinned(look, media), signs=look.signs.without({*names, *media}))
        dataset, uses = _without_late_tasks(look, configs, uses, media)
        for _ in range(ROUNDS):
            leaks = find_leaking(dataset)
            if not leaks:
                break
            uses = replace(uses, drop={**uses.drop, **leaks})
            dataset = _dataset(look, configs, uses, media)
        codes = find_codes(look.profiles, dataset)
        dataset = _dataset(look, configs, uses, media, codes) if codes else dataset
        for name, why in dataset.left_out.items():
            raise DataError(f"task {name!r}", "labels that can be learned and judged", why)
    spec = _spec(look, uses, media, codes)
    rows = MOST_ROWS if look.sample.n_rows > MOST_ROWS else None
    seen = (*look.sample.notes, *uses.notes, *dataset.warnings)
    return DraftData(look, tasks, uses, media, codes, spec.model_copy(update={"rows": rows}), dataset, seen)


def _for_parts(
    look: Look, tasks: Sequence[DraftTask], uses: Uses, media: Mapping[str, Medium]
) -> tuple[Uses, Mapping[str, Medium]]:
    """Where tasks label parts of an input, networks read that input alone."""
    over = {task.over: task.name for task in tasks if task.over is not None}
    if not over:
        return uses, media
    (name, task), *others = over.items()
    if others:
        found = f"{name!r} of task {task!r} and {others[0][0]!r} of task {others[0][1]!r}"
        raise DataError("tasks", "labels over one input", found, "a sweep for each of them")
    used = {name, *(task.column for task in tasks), *(kept[0] for kept in (uses.group, uses.time) if kept)}
    why = f"networks whose tasks label parts of {name} read nothing else"
    drop = {column: uses.drop.get(column, why) for column in look.profiles if column not in used}
    return replace(uses, drop=drop), {name: media[name]}


def _thinned(look: Look, media: Mapping[str, Medium]) -> Look:
    """A look at fewer rows, if they are large."""
    rows = MOST_BYTES // max(1, sum(medium.bytes_a_row for medium in media.values()))
    if rows >= len(look.sample.table):
        return look
    sample = replace(look.sample, table=look.sample.table.slice(0, rows))
    return replace(look, sample=sample, table=look.table.slice(0, rows))


def _tasks(look: Look, names: Sequence[str], media: Mapping[str, Medium]) -> tuple[DraftTask, ...]:
    if not names:
        raise needs_tasks(look)
    tasks: list[DraftTask] = []
    for name in names:
        if name not in look.profiles:
            hint = nearest(name, look.profiles)
            raise DataError("tasks", "columns of the table", f"no column {name!r}", hint)
        if name in [task.column for task in tasks]:
            raise DataError("tasks", "each column once", f"{name!r} twice")
        labels = look.table.select([name])  # labels are as they are written
        profile = profiles_of(labels, look.sample.n_rows)[name]
        tasks.append(draft_task(profile, labels[name], [task.name for task in tasks], media))
    return tuple(tasks)


def _configs(tasks: Sequence[DraftTask]) -> dict[str, TaskConfig]:
    values = {task.name: task.value for task in tasks}
    return TypeAdapter(dict[str, TaskConfig]).validate_python(values)


def _without_late_tasks(
    look: Look, configs: Mapping[str, TaskConfig], uses: Uses, media: Mapping[str, Medium]
) -> tuple[Dataset, Uses]:
    """A split by time only if it leaves all tasks labels to learn from and to be judged by."""
    if uses.time is None:
        return _dataset(look, configs, uses, media), uses
    try:
        dataset = _dataset(look, configs, uses, media)
        if not dataset.left_out:
            return dataset, uses
    except DataError:
        pass  # what is wrong in any split is said below
    note = f"a split by {uses.time[0]!r} would leave tasks without labels in a split: drawn by chance instead"
    by_chance = replace(uses, time=None, notes=(*uses.notes, note))
    return _dataset(look, configs, by_chance, media), by_chance


def _dataset(
    look: Look,
    configs: Mapping[str, TaskConfig],
    uses: Uses,
    media: Mapping[str, Medium],
    codes: Mapping[str, str] = NO_CODES,
) -> Dataset:
    return dataset_from_table(look.sample.table, _spec(look, uses, media, codes), configs)


def _spec(look: Look, uses: Uses, media: Mapping[str, Medium], codes: Mapping[str, str]) -> DataSpec:
    group = uses.group[0] if uses.group else None
    time = uses.time[0] if uses.time else None
    out = {*uses.drop, group, time}
    inputs: dict[str, InputKind] = {
        name: kind for name, kind in look.signs.declared.items() if name not in out
    }
    inputs |= dict.fromkeys(codes, "categorical")
    missing = {name: values for name, values in look.signs.missing.items() if name not in uses.drop}
    return DataSpec(
        source=look.source,
        split=SplitSpec(time=time),
        group=group,
        drop=tuple(uses.drop),
        inputs={
            **_options(inputs),
            **{name: medium.options for name, medium in media.items() if name not in uses.drop},
        },
        missing=missing,
    )


def _options(kinds: Mapping[str, InputKind]) -> dict[str, AnyOptions]:
    return {
        name: NumericOptions() if kind == "numeric" else CategoricalOptions() for name, kind in kinds.items()
    }
