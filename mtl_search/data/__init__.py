"""Tables made ready for training: sources, splits, the encoding of inputs, and the Dataset.

What a user gives is checked here once, and every error names the table and the column. The decisions:

- **A row is drawn by a hash of what is used of it**: its inputs, tasks and group, or the columns of
  ``split.key`` alone. A split by fractions compares that hash (with the seed) with the fractions: the order
  of rows, rows added later and columns that are dropped, or taken for identifiers, move nothing, and equal
  rows stand together. Sizes are therefore near the fractions, not exact. The price: without a key, rows move
  when a label is corrected or another task is chosen. Rows with a rare label are the exception: they are
  dealt, so that no split lacks it (``strata``).
- **A task that cannot be judged is left out, not the sweep**: it is reported with the reason, and its
  column is no input.
- **Storage means nothing**: columns of any Arrow type become a few plain ones first (``plain``), nulls, NaN
  and empty text are missing in every format, and whole numbers are whole however they are stored.
- **What looks wrong is reported, not mended**: values that look like a sign for missing, numbers as text,
  repeated rows, leaks, and tasks that are one. What is meant is for the sweep file to say.
- **Everything fitted sees the train rows alone**: encodings, standardised targets, class weights, warnings.
  The test rows are encoded, and ``Dataset.without_test`` drops them before a search begins.
- **Numbers are scaled by quartiles and bent at the ends**, because one mistyped value must not press all
  others into a point; a missing value is the median plus an indicator, because what was not measured is
  often news.
"""

from mtl_search.data.dataset import Dataset, DataSummary, ShownRows, TaskSummary
from mtl_search.data.encoding import Encoding
from mtl_search.data.load import dataset_from_table, load_dataset
from mtl_search.data.rows import Rows
from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.data.sources import bundled_tables, is_local_file, read_table
from mtl_search.data.spec import DataSpec, SplitSpec

__all__ = [
    "DataSpec",
    "DataSummary",
    "Dataset",
    "Encoding",
    "InputShape",
    "Inputs",
    "Rows",
    "ShownRows",
    "SplitSpec",
    "TaskSummary",
    "bundled_tables",
    "dataset_from_table",
    "is_local_file",
    "load_dataset",
    "read_table",
]
