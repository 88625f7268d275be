"""Labels at positions of streamed tables: encoded part by part, and equal to those of whole ones."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from mtl_search.data import Dataset, DataSpec, load_dataset
from tests.data.test_cache import assert_equal
from tests.fixtures.data import task_configs


def test_masks_are_those_of_the_whole_table(tmp_path: Path) -> None:
    random, rows = np.random.default_rng(0), 120
    images = random.integers(0, 255, (rows, 6 * 6), np.uint8)
    masks = pa.array((images > 100).astype(np.uint8).tolist(), pa.list_(pa.uint8()))
    table = pa.table({"photo": pa.array(images.tolist(), pa.list_(pa.uint8())), "mask": masks})
    pa_parquet.write_table(table, tmp_path / "scenes.parquet", row_group_size=50)

    def load(memory: int | None) -> Dataset:
        inputs = {"photo": {"kind": "image", "height": 6, "width": 6}}
        spec = DataSpec.model_validate({"source": "scenes.parquet", "inputs": inputs, "memory": memory})
        return load_dataset(spec, task_configs({"mask": "segmentation"}), base=tmp_path, results=tmp_path)

    whole, large = load(None), load(1000)
    assert large.train.mapped is not None
    assert large.fingerprint == whole.fingerprint
    assert large.encoding == whole.encoding
    assert repr(large.tasks) == repr(whole.tasks)
    assert large.to_show == whole.to_show
    for which, of_split in whole.splits.items():
        assert_equal(large.splits[which], of_split)
