"""The columns of the tables that hold trials."""

from mtl_search.leaderboard.column import (
    COUNT,
    FLAG,
    GAINS,
    NAMES,
    PAIRS,
    REAL,
    TEXT,
    TIME,
    column,
    table_schema,
)

__all__ = ["BELIEFS", "EPOCHS", "GATES", "METRICS", "OF_THE_TRIAL", "PARAMS", "RESAMPLES", "TRIALS"]

OF_THE_TRIAL = ("arm", "phase", "state")  # columns of a trial that each of its metrics has too

TRIALS = table_schema(
    "trials",
    "a trial: one network with its hyperparameters, trained once",
    column("sweep", TEXT, "name of the sweep"),
    column("arm", TEXT, "arm of the sweep"),
    column("phase", TEXT, "search, replication or confirmation"),
    column("trial_id", TEXT, "unique in the sweep"),
    column("config_id", TEXT, "hash of the configuration without what cannot change the result"),
    column("seed", COUNT, "seed of initialisation, order of batches and dropout"),
    column("state", TEXT, "complete, pruned (stopped early) or failed"),
    column("error", TEXT, "why it failed, null where it did not"),
    column("members", NAMES, "tasks trained together, sorted by name"),
    column("members_text", TEXT, "the same as one text, joined by +"),
    column("sharing", TEXT, "canonical text of how the members share the trunk"),
    column("weighting", TEXT, "method that combines the losses"),
    column("params", PAIRS, "sampled parameters, dotted path to value"),
    column("config", TEXT, "the whole configuration as JSON"),
    column("data", TEXT, "fingerprint of data, split and tasks"),
    column("score", REAL, "value that the sampler maximises, null for a failed trial"),
    column("mean_gain", REAL, "mean gain of the main members on valid", "percent"),
    column("n_params", COUNT, "trainable parameters"),
    column("flops", COUNT, "operations of a forward pass", "FLOP/row"),
    column("epochs", COUNT, "epochs trained"),
    column("best_epoch", COUNT, "epoch that was kept, counted from 1"),
    column("train_seconds", REAL, "time of training and validation (and affinities)", "s"),
    column("device_seconds", REAL, "time held, times the CPUs or GPUs held", "s"),
    column("device", TEXT, "kind of device"),
    column("node", TEXT, "machine it ran on"),
    column("peak_memory", REAL, "most of the GPU's memory that it had allocated, null on a CPU", "byte"),
    column("utilisation", REAL, "share of the time in which its GPU computed, for whomever; null if unknown"),
    column(
        "attempts", COUNT, "how often it was begun up to this end: losses before it are rows of their own"
    ),
    column("duplicate_of", TEXT, "trial_id of the equal trial it was answered from, or null"),
    column("versions", PAIRS, "package to version"),
    column("started", TIME, "when it began, UTC"),
    column("finished", TIME, "when it ended, UTC"),
    column("affinities", GAINS, "source>target to gradient affinity, where measured", "share of loss"),
    column("lost", FLAG, "whether it failed because a worker, a node or its memory was lost"),
    column("distributions", PAIRS, "dotted path to what the parameter was drawn from (Optuna)"),
    column("reading", COUNT, "which reading of test it is part of, null outside the confirmation"),
    column("reading_plan", TEXT, "hash of all that this reading was to train"),
)

PARAMS = table_schema(
    "params",
    "trial x sampled parameter",
    column("trial_id", TEXT, "the trial"),
    column("name", TEXT, "dotted path, as in a sweep file"),
    column("number", REAL, "its value where that is a number, else null"),
    column("text", TEXT, "its value where that is text, else null"),
    column("flag", FLAG, "its value where that is true or false, else null"),
)

METRICS = table_schema(
    "metrics",
    "trial x task x split x metric",
    column("trial_id", TEXT, "the trial"),
    *(TRIALS.field(name) for name in OF_THE_TRIAL),
    column("task", TEXT, "a member of the trial's network"),
    column("split", TEXT, "train, valid or test; test only in the confirmation"),
    column("metric", TEXT, "name of the metric"),
    column("is_default", FLAG, "whether it is the task's default metric, which gains are measured in"),
    column("value", REAL, "value over the labelled rows, null where undefined", "of the metric"),
    column("gain", REAL, "improvement over single-task training, null where undefined", "percent"),
)

EPOCHS = table_schema(
    "epochs",
    "trial x epoch x task",
    column("trial_id", TEXT, "the trial"),
    column("epoch", COUNT, "counted from 1"),
    column("task", TEXT, "a member of the trial's network"),
    column("train_loss", REAL, "mean loss over the epoch's labelled rows"),
    column("valid", REAL, "the task's default metric on valid", "of the metric"),
    column("weight", REAL, "mean weight of the task's loss in the epoch"),
    column("score", REAL, "what the best epoch is chosen by, higher is better; equal over tasks"),
    column("seconds", REAL, "training and validation of the epoch; equal over tasks", "s"),
)

RESAMPLES = table_schema(
    "resamples",
    "trial x task x split x group of units left out",
    column("trial_id", TEXT, "the trial"),
    column("task", TEXT, "a member of the trial's network"),
    column("left_out", COUNT, "group of the split's units that is left out, the same in every trial"),
    column("value", REAL, "the task's default metric on the rest of the split", "of the metric"),
    column("split", TEXT, "test (of the confirmation) or valid (of replicates and single tasks)"),
)

GATES = table_schema(
    "gates",
    "trial x level of experts x task x expert",
    column("trial_id", TEXT, "the trial: of a network with experts or stitches, trained to its end"),
    column("level", COUNT, "of experts, counted from 0"),
    column("task", TEXT, "a member of the trial's network"),
    column("expert", TEXT, "name of the expert; of a cross-stitch the member whose features it takes"),
    column("weight", REAL, "what the task takes of it at the best epoch, mean over the rows of valid"),
)

BELIEFS = table_schema(
    "beliefs",
    "trial x main member, before it was trained",
    column("trial_id", TEXT, "the trial: of the search, where a strategy that learns chose its members"),
    column("task", TEXT, "a main member of the trial's network"),
    column("expected", REAL, "gain on valid that the strategy expected of it in this company", "percent"),
    column("spread", REAL, "standard deviation of what one training might show", "percent"),
    column("reason", TEXT, "why the members were chosen; equal over tasks"),
)
