"""Drafting: from a table to a sweep file that can be run as it is, each line with its reason.

`read_sample` takes rows from all over a table, `look_at` says what its columns hold, `draft_data` what they
are for once the tasks are known, and `drafted` writes the file. What looks wrong in a table is mended here,
unlike in ``data``, which only reports it: a draft is there to be read and changed, and it says why.

- **The data room is asked, not repeated**: identifiers, signs for missing values, leaks, repeated rows and
  tasks that are one are found by the code that ``check`` uses, on the very Dataset that the file describes.
- **What is found from labels is found in train rows**, as ever: leaks and codes.
- **A large table is sampled** in runs of neighbouring rows, since what repeats often stands together.
- **Time is measured, not known**: two networks are trained for a moment, the rest is what is planned.
"""

from mtl_search.drafting.draft import DraftData, Look, draft_data, look_at, needs_tasks
from mtl_search.drafting.file import Draft, drafted, name_of
from mtl_search.drafting.from_python import new
from mtl_search.drafting.sampling import Sample, read_sample, sample_of
from mtl_search.drafting.saving import check_free, save_draft
from mtl_search.drafting.targets import columns_named

__all__ = [
    "Draft",
    "DraftData",
    "Look",
    "Sample",
    "check_free",
    "columns_named",
    "draft_data",
    "drafted",
    "look_at",
    "name_of",
    "needs_tasks",
    "new",
    "read_sample",
    "sample_of",
    "save_draft",
]
