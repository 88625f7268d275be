"""Secrets of the data's URI in a sweep file: named ones stay names, others are refused and not repeated."""

import json
from pathlib import Path

import pytest

from mtl_search.errors import SpecError
from mtl_search.leaderboard import Leaderboard
from mtl_search.search.preparing.edited import changes_since
from mtl_search.sweep import SweepSpec, load_sweep
from mtl_search.sweep.file import leaves, save_sweep
from tests.conftest import TinySweep

SECRET = "s3cret"
NAMED = "s3://${KEY}:${WORD}@bucket/x.parquet?session_token=${TOKEN}&region=eu-north-1"


def test_names_stay_names_in_the_results(tiny_sweep: TinySweep, tmp_path: Path) -> None:
    spec = SweepSpec.from_value(tiny_sweep(data={"source": NAMED}))
    save_sweep(spec, tmp_path)
    assert load_sweep(tmp_path / "sweep.yaml").settings.data.source == NAMED
    assert leaves(spec)["data", "source"] == json.dumps(NAMED)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"source": f"s3://key:{SECRET}@bucket/x.parquet"}, "data.source: expected a secret by its name"),
        ({"source": f"s3://bucket/x?secret_key={SECRET}"}, "found one in plain text, which is not shown"),
        ({"source": [f"s3://key:{SECRET}@bucket"]}, "data.source: expected text, found a list"),
        ({"source": {"uri": f"s3://key:{SECRET}@bucket"}}, "data.source: expected text, found a dict"),
        (f"s3://key:{SECRET}@bucket", "data: expected a mapping, found 's3://***@bucket'"),
        ([f"s3://key:{SECRET}@bucket"], "data: expected a mapping, found ['s3://***@bucket']"),
        ({"sourc": f"s3://key:{SECRET}@bucket"}, "data.sourc: expected a known key"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_without_the_secret(
    tiny_sweep: TinySweep, tmp_path: Path, data: object, said: str
) -> None:
    (tmp_path / "x.yaml").write_text(json.dumps({**tiny_sweep(), "data": data}))
    with pytest.raises(SpecError) as caught:
        load_sweep(tmp_path / "x.yaml")
    assert str(caught.value).startswith(f"{tmp_path / 'x.yaml'}:1: data")
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_one_that_an_earlier_version_wrote_is_not_told_when_it_is_named(
    tiny_sweep: TinySweep, tmp_path: Path
) -> None:
    board = Leaderboard.create(tmp_path / "x", [])
    spec = SweepSpec.from_value(tiny_sweep(data={"source": NAMED}))
    before = json.dumps(f"s3://key:{SECRET}@bucket/x.parquet?session_token={SECRET}&region=eu-north-1")
    board.note_sweep({**leaves(spec), ("data", "source"): before})
    (told,) = changes_since(board, spec, [])
    shown = '"s3://***@bucket/x.parquet?region=eu-north-1"'
    assert told == f"data.source is {shown} now, and was {shown}"
