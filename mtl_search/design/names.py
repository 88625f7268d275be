"""The rule for names that stand in text: tasks, and the keys of networks."""

import re

from mtl_search.errors import Mismatch

__all__ = ["SHARED", "check_task_name", "is_of_branching"]

SHARED = "shared"
_NAME = re.compile(r"\w[\w.\-]*")


def check_task_name(name: str) -> str:
    """``name`` itself, if it is valid: letters of any script, digits, ``_`` and, not first, ``.`` and ``-``.

    Names stand unquoted in the text of a branching or design and inside parameter names
    (``members.age``, ``sharing.cut.age+cost``), so blanks, ``|``, ``/``, ``+``, ``:`` and ``;`` are out. So
    is ``shared``, which says what all tasks share and names the experts that are of none alone.

    >>> check_task_name("NR-AR.1")
    'NR-AR.1'
    """
    if check_name(name, "task name") == SHARED:
        raise Mismatch("another name than that of what all tasks share", repr(name), about="task name")
    return name


def is_of_branching(parameter: str) -> bool:
    """Whether a sampled ``parameter`` says how the members of a network branch.

    >>> [is_of_branching(name) for name in ("sharing.split", "sharing.cut.age+cost", "sharing.n_experts")]
    [True, True, False]
    """
    return parameter in ("sharing", "sharing.split") or parameter.startswith("sharing.cut.")


def check_name(name: str, what: str) -> str:
    """``name`` itself, if it is valid; ``what`` it names goes into the message."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Mismatch("letters, digits, '_' and, not first, '.' and '-'", repr(name), about=what)
    return name
