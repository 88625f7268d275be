"""The names of the arms that every sweep has. A user's own arms have none of these."""

__all__ = [
    "ALONE_ARMS",
    "APART_ARMS",
    "CONTROL",
    "LINEAR",
    "NETWORK_REFERENCES",
    "OUR_ARMS",
    "POOLED",
    "REFERENCE_ARMS",
    "SEARCH",
    "SHARED_ARMS",
    "SHARED_EQUAL",
    "SHARED_TUNED",
    "SINGLE_TASK",
    "TREES",
]

SINGLE_TASK = "single_task"  # each main task alone, tuned
LINEAR = "linear"  # each main task alone, without a trunk
SHARED_EQUAL = "shared_equal"  # all tasks in one network, equal weights
SHARED_TUNED = "shared_tuned"  # all tasks in one network, tuned fixed weights
TREES = "trees"  # each main task by boosted trees, tuned: never part of a composed design
SEARCH = "search"
POOLED = "pooled"  # designs composed of the networks of all arms
CONTROL = "control"  # the controls of confirmed designs

APART_ARMS = (LINEAR, TREES)  # of other kinds of model than the networks of the sweep
ALONE_ARMS = (SINGLE_TASK, *APART_ARMS)
SHARED_ARMS = (SHARED_EQUAL, SHARED_TUNED)
NETWORK_REFERENCES = (SINGLE_TASK, LINEAR, *SHARED_ARMS)
REFERENCE_ARMS = (*NETWORK_REFERENCES, TREES)
OUR_ARMS = (*REFERENCE_ARMS, SEARCH, POOLED, CONTROL)
