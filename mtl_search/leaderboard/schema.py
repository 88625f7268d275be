"""The written schema of every table: names, types, units and what each column means."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

__all__ = ["SCHEMAS", "VERSION", "describe", "table_name", "table_version"]

VERSION = 3  # rises with every change of a column's name, type or place

_NAME, _VERSION = b"mtl_search.table", b"mtl_search.version"
_TEXT, _REAL, _COUNT = pa.string(), pa.float64(), pa.int64()
_TIME, _NAMES, _PAIRS = pa.timestamp("us", tz="UTC"), pa.list_(pa.string()), pa.map_(pa.string(), pa.string())
_GAINS = pa.map_(pa.string(), pa.float64())


def _column(name: str, kind: pa.DataType, doc: str, unit: str = "") -> pa.Field:
    """A column whose documentation and unit travel in the Parquet file."""
    return pa.field(name, kind, metadata={"doc": doc, "unit": unit})


def _schema(name: str, row: str, *columns: pa.Field) -> pa.Schema:
    """The schema of table ``name``, whose rows are each one ``row``."""
    return pa.schema(columns, metadata={_NAME: name, _VERSION: str(VERSION), "mtl_search.row": row})


_TRIALS = _schema(
    "trials",
    "a trial: one network with its hyperparameters, trained once",
    _column("sweep", _TEXT, "name of the sweep"),
    _column("arm", _TEXT, "arm of the sweep"),
    _column("phase", _TEXT, "search, replication or confirmation"),
    _column("trial_id", _TEXT, "unique in the sweep"),
    _column("config_id", _TEXT, "hash of the configuration without what cannot change the result"),
    _column("seed", _COUNT, "seed of initialisation, order of batches and dropout"),
    _column("state", _TEXT, "complete, pruned (stopped early) or failed"),
    _column("error", _TEXT, "why it failed, null where it did not"),
    _column("members", _NAMES, "tasks trained together, sorted by name"),
    _column("sharing", _TEXT, "canonical text of how the members share the trunk"),
    _column("weighting", _TEXT, "method that combines the losses"),
    _column("params", _PAIRS, "sampled parameters, dotted path to value"),
    _column("config", _TEXT, "the whole configuration as JSON"),
    _column("data", _TEXT, "fingerprint of data, split and tasks"),
    _column("score", _REAL, "value that the sampler maximises, NaN for a failed trial"),
    _column("mean_gain", _REAL, "mean gain of the main members on valid", "percent"),
    _column("n_params", _COUNT, "trainable parameters"),
    _column("flops", _COUNT, "operations of a forward pass", "FLOP/row"),
    _column("epochs", _COUNT, "epochs trained"),
    _column("best_epoch", _COUNT, "epoch that was kept, counted from 1"),
    _column("train_seconds", _REAL, "time of training and validation (and affinities)", "s"),
    _column("device_seconds", _REAL, "time held, times the CPUs or GPUs held", "s"),
    _column("device", _TEXT, "kind of device"),
    _column("node", _TEXT, "machine it ran on"),
    _column("duplicate_of", _TEXT, "trial_id of the equal trial it was answered from, or null"),
    _column("versions", _PAIRS, "package to version"),
    _column("started", _TIME, "when it began, UTC"),
    _column("finished", _TIME, "when it ended, UTC"),
    _column("affinities", _GAINS, "source>target to gradient affinity, where measured", "share of loss"),
    _column("lost", pa.bool_(), "whether it failed because a worker, a node or its memory was lost"),
    _column("distributions", _PAIRS, "dotted path to what the parameter was drawn from (Optuna)"),
    _column("reading", _COUNT, "which reading of test it is part of, null outside the confirmation"),
    _column("reading_plan", _TEXT, "hash of all that this reading was to train"),
)

_METRICS = _schema(
    "metrics",
    "trial x task x split x metric",
    _column("trial_id", _TEXT, "the trial"),
    _column("task", _TEXT, "a member of the trial's network"),
    _column("split", _TEXT, "train, valid or test; test only in the confirmation"),
    _column("metric", _TEXT, "name of the metric"),
    _column("value", _REAL, "value over the labelled rows, NaN where undefined", "of the metric"),
    _column("gain", _REAL, "improvement over single-task training, NaN where undefined", "percent"),
)

_EPOCHS = _schema(
    "epochs",
    "trial x epoch x task",
    _column("trial_id", _TEXT, "the trial"),
    _column("epoch", _COUNT, "counted from 1"),
    _column("task", _TEXT, "a member of the trial's network"),
    _column("train_loss", _REAL, "mean loss over the epoch's labelled rows"),
    _column("valid", _REAL, "the task's default metric on valid", "of the metric"),
    _column("weight", _REAL, "mean weight of the task's loss in the epoch"),
    _column("score", _REAL, "what the best epoch is chosen by, higher is better; equal over tasks"),
    _column("seconds", _REAL, "training and validation of the epoch; equal over tasks", "s"),
)

_RESAMPLES = _schema(
    "resamples",
    "trial x task x split x group of units left out",
    _column("trial_id", _TEXT, "the trial"),
    _column("task", _TEXT, "a member of the trial's network"),
    _column("left_out", _COUNT, "group of the split's units that is left out, the same in every trial"),
    _column("value", _REAL, "the task's default metric on the rest of the split", "of the metric"),
    _column("split", _TEXT, "test (of the confirmation) or valid (of replicates and single tasks)"),
)

_TASKS = _schema(
    "tasks",
    "a task of the sweep",
    _column("task", _TEXT, "name"),
    _column("kind", _TEXT, "binary, multiclass, multilabel, regression ..."),
    _column("role", _TEXT, "main (counts in delta_m) or auxiliary (trained only to help)"),
    _column("metric", _TEXT, "its default metric, which gains are measured in"),
    _column("higher_is_better", pa.bool_(), "direction of the metric"),
    _column("floor", _REAL, "references at most this large have no relative gain", "of the metric"),
    _column("reference", _REAL, "single-task value on valid that gains refer to", "of the metric"),
    _column("weight", _REAL, "how much it counts in delta_m, null for 1"),
    _column("test_rows", _TEXT, "fingerprint of its test labels: values are comparable where it is equal"),
)

_DESIGNS = _schema(
    "designs",
    "a design: which configuration serves which main task",
    _column("design_id", _TEXT, "hash of what serves what"),
    _column("arm", _TEXT, "the first arm whose networks make it; control: of another design's tasks alone"),
    _column("arms", _NAMES, "all arms whose networks make it"),
    _column("chosen", pa.bool_(), "whether it is the recommended design, decided on valid; true for one"),
    _column("why", _TEXT, "how the recommended design was decided, null for others"),
    _column("n_networks", _COUNT, "networks it consists of"),
    _column("text", _TEXT, "canonical text"),
    _column("networks", _NAMES, "trial_id of each network"),
    _column("serves", _PAIRS, "main task to the trial_id that serves it"),
    _column("configs", _PAIRS, "main task to the config_id of the network that serves it"),
    _column("gains", _GAINS, "main task to gain on valid", "percent"),
    _column("delta_m", _REAL, "mean gain over the main tasks on valid, of replicates", "percent"),
    _column(
        "behind", _REAL, "difference of delta_m on valid between the best design and this one", "percent"
    ),
    _column("behind_p", _REAL, "one-sided p of that difference; NaN where it cannot be tested"),
    _column("control", _TEXT, "design_id of each task alone with the hyperparameters of what serves it"),
    _column("n_params", _COUNT, "trainable parameters of all networks"),
    _column("flops", _COUNT, "operations of a forward pass of all networks", "FLOP/row"),
)

_VERDICTS = pa.struct(
    [
        _column("task", _TEXT, "main task"),
        _column("value", _REAL, "mean of its metric on test over seeds", "of the metric"),
        _column("value_sd", _REAL, "standard deviation over seeds", "of the metric"),
        _column("gain", _REAL, "mean gain over the confirmed single-task value", "percent"),
        _column("gain_sd", _REAL, "standard deviation over seeds", "percent"),
        _column("gain_low", _REAL, "lower end of the interval", "percent"),
        _column("gain_high", _REAL, "upper end of the interval", "percent"),
        _column("p", _REAL, "paired test against single_task"),
        _column("p_holm", _REAL, "p corrected over the design's tasks"),
        _column("verdict", _TEXT, "better, worse or no difference shown"),
    ]
)


def _against(prefix: str, other: str) -> tuple[pa.Field, ...]:
    """The columns that compare a design with another one."""
    corrected = "p as corrected: by the fixed sequence where chosen, else by Holm over all secondary tests"
    return (
        _column(f"{prefix}_difference", _REAL, f"mean paired difference to {other}", "percent"),
        _column(f"{prefix}_low", _REAL, "lower end of its interval", "percent"),
        _column(f"{prefix}_high", _REAL, "upper end of its interval", "percent"),
        _column(f"{prefix}_p", _REAL, "paired test, two-sided; NaN where it cannot be made"),
        _column(f"{prefix}_p_corrected", _REAL, corrected),
        _column(f"{prefix}_verdict", _TEXT, "better, worse or no difference shown; null for itself"),
        _smallest(prefix),
    )


def _part(name: str, doc: str) -> tuple[pa.Field, ...]:
    """The columns of one part of a gain."""
    return (
        _column(name, _REAL, doc, "percent"),
        _column(f"{name}_low", _REAL, "lower end of its interval", "percent"),
        _column(f"{name}_high", _REAL, "upper end of its interval", "percent"),
        _column(f"{name}_p", _REAL, "paired test, two-sided; NaN where it cannot be made"),
        _smallest(name),
    )


def _smallest(name: str) -> pa.Field:
    """The column that says how large a difference had to be."""
    return _column(
        f"{name}_smallest", _REAL, "smallest true difference shown in four of five such sweeps", "percent"
    )


_SUMMARY = _schema(
    "summary",
    "a confirmed design",
    _column("design_id", _TEXT, "as in designs"),
    _column("arm", _TEXT, "as in designs"),
    _column("arms", _NAMES, "as in designs"),
    _column("chosen", pa.bool_(), "as in designs"),
    _column("n_networks", _COUNT, "as in designs"),
    _column("text", _TEXT, "as in designs"),
    _column("n_seeds", _COUNT, "seeds on which all of its and all single_task networks were trained"),
    _column("seeds", pa.list_(pa.int64()), "those seeds"),
    _column("reading", _COUNT, "how often test was read for it: 1, and 1 more each time after it was known"),
    _column("alpha", _REAL, "significance level of that reading: .05, then half of the one before"),
    _column("delta_m", _REAL, "mean over seeds of delta_m on test", "percent"),
    _column("delta_m_sd", _REAL, "standard deviation over seeds", "percent"),
    _column("delta_m_low", _REAL, "lower end of the interval, at level 1 - alpha", "percent"),
    _column("delta_m_high", _REAL, "upper end of the interval", "percent"),
    _column("delta_m_valid", _REAL, "delta_m on valid, by which a design is chosen", "percent"),
    *_against("vs_single_task", "single_task"),
    _column("reference", _TEXT, "arm of the other reference that is best on valid"),
    *_against("vs_reference", "that reference"),
    _column("control", _TEXT, "as in designs; null where it was not confirmed"),
    *_part("gain_of_tuning", "mean paired difference of the control to single_task"),
    *_part("gain_of_sharing", "mean paired difference to the control"),
    _column(
        "verdict", _TEXT, "better (than references and control), worse (than one), or no difference shown"
    ),
    _column("provisional", _NAMES, "why a verdict may change with more trials of the references; else empty"),
    _column("tasks", pa.list_(_VERDICTS), "each main task on test"),
    _column("n_params", _COUNT, "trainable parameters of all networks"),
    _column("flops", _COUNT, "operations of a forward pass of all networks", "FLOP/row"),
    _column("train_seconds", _REAL, "training all of its networks once, mean over seeds", "s"),
    _column("arm_trials", _COUNT, "trials that the arm used in the search"),
    _column("arm_device_seconds", _REAL, "device time that the arm used in the search", "s"),
    _column("caveats", _NAMES, "rules of a fair comparison that were switched off"),
)

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "trials": _TRIALS,
        "metrics": _METRICS,
        "epochs": _EPOCHS,
        "resamples": _RESAMPLES,
        "tasks": _TASKS,
        "designs": _DESIGNS,
        "summary": _SUMMARY,
    }
)


def table_name(schema: pa.Schema) -> str | None:
    """The table that a stored schema says it belongs to, None where it says nothing."""
    name = (schema.metadata or {}).get(_NAME)
    return name.decode() if name is not None else None


def table_version(schema: pa.Schema) -> int:
    """The version of a stored schema."""
    return int(schema.metadata[_VERSION])


def describe(table: str) -> list[tuple[str, str, str, str]]:
    """Name, type, unit and meaning of each column of ``table``, for documentation.

    >>> describe("resamples")[1]
    ('task', 'string', '', "a member of the trial's network")
    """
    return [
        (field.name, str(field.type), field.metadata[b"unit"].decode(), field.metadata[b"doc"].decode())
        for field in SCHEMAS[table]
    ]
