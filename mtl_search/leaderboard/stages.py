"""The table of stages: what each stage of a network's trunk makes, where that is a map or a sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from mtl_search.leaderboard.column import COUNT, TEXT, column, table_schema

__all__ = ["STAGES", "StageFeatures", "stage_rows"]

STAGES = table_schema(
    "stages",
    "network of images, texts or series x stage of its trunk",
    column("config_id", TEXT, "the network, as in trials"),
    column("stage", COUNT, "counted from 1; 0 is what the encoder makes of the inputs"),
    column("makes", TEXT, "vector, map or sequence"),
    column("sizes", pa.list_(pa.int64()), "width; channels, height and width; or steps and width"),
)


@dataclass(frozen=True, slots=True)
class StageFeatures:
    """What a stage makes, or the encoder, which is stage 0."""

    config_id: str
    stage: int
    makes: str
    sizes: tuple[int, ...]


def stage_rows(stages: Sequence[StageFeatures]) -> pa.Table:
    """The rows of ``stages``."""
    rows = [
        {"config_id": one.config_id, "stage": one.stage, "makes": one.makes, "sizes": list(one.sizes)}
        for one in stages
    ]
    return pa.Table.from_pylist(rows, schema=STAGES)
