"""Tables made ready for training: sources, splits, the encoding of inputs, and the Dataset.

What a user gives is checked here once, and every error names the table and the column. Three decisions:

- **Rows are told apart by a hash of their whole content**, tasks and dropped columns included. A split by
  fractions compares that hash (with the seed) with the fractions: the order of rows, rows added later and
  the choice of tasks move nothing, equal rows stand together, and two sweeps over one table with other tasks
  hold back the same test rows. Sizes are therefore near the fractions, not exact. The price: where a label is
  corrected, its row may move to another split.
- **Everything fitted sees the train rows alone**: encodings, standardised targets, class weights, warnings.
  The test rows are encoded, and ``Dataset.without_test`` drops them before a search begins.
- **Numbers are scaled by quartiles and bent at the ends**, because one mistyped value must not press all
  others into a point; a missing value is the median plus an indicator, because what was not measured is
  often news.
"""

from mtl_search.data.dataset import Dataset
from mtl_search.data.encoding import Encoding
from mtl_search.data.load import dataset_from_table, load_dataset
from mtl_search.data.rows import Inputs, InputShape, Rows
from mtl_search.data.sources import bundled_tables, is_local_file, read_table
from mtl_search.data.spec import DataSpec, SplitSpec
from mtl_search.data.summary import DataSummary, TaskSummary

__all__ = [
    "DataSpec",
    "DataSummary",
    "Dataset",
    "Encoding",
    "InputShape",
    "Inputs",
    "Rows",
    "SplitSpec",
    "TaskSummary",
    "bundled_tables",
    "dataset_from_table",
    "is_local_file",
    "load_dataset",
    "read_table",
]
