"""The columns of the tables that hold designs."""

import pyarrow as pa

from mtl_search.leaderboard.column import COUNT, FLAG, GAINS, NAMES, PAIRS, REAL, TEXT, column, table_schema

__all__ = ["DESIGNS", "SUMMARY", "SUMMARY_TASKS"]

DESIGNS = table_schema(
    "designs",
    "a design: which configuration serves which main task",
    column("design_id", TEXT, "hash of what serves what"),
    column("arm", TEXT, "the first arm whose networks make it; control: of another design's tasks alone"),
    column("arms", NAMES, "all arms whose networks make it"),
    column("chosen", FLAG, "whether it is the recommended design, decided on valid; true for one"),
    column("why", TEXT, "how the recommended design was decided, null for others"),
    column("n_networks", COUNT, "networks it consists of"),
    column("text", TEXT, "canonical text"),
    column("networks", NAMES, "trial_id of each network"),
    column("serves", PAIRS, "main task to the trial_id that serves it"),
    column("configs", PAIRS, "main task to the config_id of the network that serves it"),
    column("gains", GAINS, "main task to gain on valid", "percent"),
    column("delta_m", REAL, "mean gain over the main tasks on valid, of replicates", "percent"),
    column("behind", REAL, "difference of delta_m on valid between the best design and this one", "percent"),
    column("behind_p", REAL, "one-sided p of that difference; null where it cannot be tested"),
    column("control", TEXT, "design_id of each task alone with the hyperparameters of what serves it"),
    column("n_params", COUNT, "trainable parameters of all networks"),
    column("flops", COUNT, "operations of a forward pass of all networks", "FLOP/row"),
)


_CORRECTED = "p as corrected: by the fixed sequence where chosen, else by Holm over all secondary tests"


def _against(prefix: str, other: str, corrected: str = _CORRECTED) -> tuple[pa.Field, ...]:
    """The columns that compare a design with another one."""
    return (
        column(f"{prefix}_difference", REAL, f"mean paired difference to {other}", "percent"),
        column(f"{prefix}_low", REAL, "lower end of its interval", "percent"),
        column(f"{prefix}_high", REAL, "upper end of its interval", "percent"),
        column(f"{prefix}_p", REAL, "paired test, two-sided; null where it cannot be made"),
        column(f"{prefix}_p_corrected", REAL, corrected),
        column(f"{prefix}_verdict", TEXT, "better, worse or no difference shown; null for itself"),
        _smallest(prefix),
    )


def _part(name: str, doc: str) -> tuple[pa.Field, ...]:
    """The columns of one part of a gain."""
    return (
        column(name, REAL, doc, "percent"),
        column(f"{name}_low", REAL, "lower end of its interval", "percent"),
        column(f"{name}_high", REAL, "upper end of its interval", "percent"),
        column(f"{name}_p", REAL, "paired test, two-sided; null where it cannot be made"),
        _smallest(name),
    )


def _smallest(name: str) -> pa.Field:
    """The column that says how large a difference had to be."""
    return column(
        f"{name}_smallest", REAL, "smallest true difference shown in four of five such sweeps", "percent"
    )


SUMMARY = table_schema(
    "summary",
    "a confirmed design",
    column("design_id", TEXT, "as in designs"),
    column("arm", TEXT, "as in designs"),
    column("arms", NAMES, "as in designs"),
    column("chosen", FLAG, "as in designs"),
    column("n_networks", COUNT, "as in designs"),
    column("text", TEXT, "as in designs"),
    column("n_seeds", COUNT, "seeds on which all of its and all single_task networks were trained"),
    column("seeds", pa.list_(pa.int64()), "those seeds"),
    column("reading", COUNT, "how often test was read for it: 1, and 1 more each time after it was known"),
    column("alpha", REAL, "significance level of that reading: .05, then half of the one before"),
    column("delta_m", REAL, "mean over seeds of delta_m on test", "percent"),
    column("delta_m_sd", REAL, "standard deviation over seeds", "percent"),
    column("delta_m_low", REAL, "lower end of the interval, at level 1 - alpha", "percent"),
    column("delta_m_high", REAL, "upper end of the interval", "percent"),
    column("delta_m_valid", REAL, "delta_m on valid, by which a design is chosen", "percent"),
    column("ensemble_size", COUNT, "seeds that predict together: the cost of one network, so many times"),
    column("ensemble_delta_m", REAL, "delta_m on test of the mean of their predictions", "percent"),
    column("ensemble_delta_m_low", REAL, "lower end of its interval, over test units alone", "percent"),
    column("ensemble_delta_m_high", REAL, "upper end of its interval", "percent"),
    *_against("vs_single_task", "single_task"),
    column("reference", TEXT, "arm of the other reference that is best on valid"),
    *_against("vs_reference", "that reference"),
    *_against("vs_trees", "boosted trees, of the recommended design", "the same p: a test by itself"),
    column("control", TEXT, "as in designs; null where it was not confirmed"),
    *_part("gain_of_tuning", "mean paired difference of the control to single_task"),
    *_part("gain_of_sharing", "mean paired difference to the control"),
    *_part("over_recommended", "mean paired difference to the recommended design"),
    column("verdict", TEXT, "better (than references and control), worse (than one), or no difference shown"),
    column("provisional", NAMES, "why a verdict may change with more trials of the references; else empty"),
    column("n_params", COUNT, "trainable parameters of all networks"),
    column("flops", COUNT, "operations of a forward pass of all networks", "FLOP/row"),
    column("train_seconds", REAL, "training all of its networks once, mean over seeds", "s"),
    column("arm_trials", COUNT, "trials that the arm used in the search"),
    column("arm_device_seconds", REAL, "device time that the arm used in the search", "s"),
    column("caveats", NAMES, "rules of a fair comparison that were switched off"),
)

SUMMARY_TASKS = table_schema(
    "summary_tasks",
    "confirmed design x main task",
    column("design_id", TEXT, "as in designs"),
    column("arm", TEXT, "as in designs"),
    column("chosen", FLAG, "as in designs"),
    column("task", TEXT, "main task"),
    column("metric", TEXT, "its default metric"),
    column("value", REAL, "mean of that metric on test over seeds", "of the metric"),
    column("value_sd", REAL, "standard deviation over seeds", "of the metric"),
    column("gain", REAL, "mean gain over the confirmed single-task value", "percent"),
    column("gain_sd", REAL, "standard deviation over seeds", "percent"),
    column("gain_low", REAL, "lower end of the interval", "percent"),
    column("gain_high", REAL, "upper end of the interval", "percent"),
    column("p", REAL, "paired test against single_task"),
    column("p_holm", REAL, "p corrected over the design's tasks"),
    column("verdict", TEXT, "better, worse or no difference shown"),
    column("vs_trees", REAL, "of the recommended design: mean paired difference to boosted trees", "percent"),
    column("vs_trees_low", REAL, "lower end of its interval", "percent"),
    column("vs_trees_high", REAL, "upper end of its interval", "percent"),
    column("vs_trees_p_holm", REAL, "its paired test, corrected over the design's tasks"),
    column("vs_trees_verdict", TEXT, "better than trees, worse or no difference shown"),
    column("ensemble_value", REAL, "metric on test of the mean of all seeds' predictions", "of the metric"),
    column("ensemble_gain", REAL, "gain of that value over the confirmed single-task value", "percent"),
    column("ensemble_gain_low", REAL, "lower end of its interval, over test units alone", "percent"),
    column("ensemble_gain_high", REAL, "upper end of its interval", "percent"),
)
