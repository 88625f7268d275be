"""Tables as people have them, each with what is right for it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mtl_search.data import Dataset, DataSpec, SplitSpec, dataset_from_table, load_dataset
from mtl_search.data.hashing import hash_rows
from mtl_search.data.splits import split_rows
from mtl_search.errors import DataError
from mtl_search.records import Split
from mtl_search.tasks import Multiclass, Regression
from tests.fixtures.data import task_configs

ROWS = 600


def base(rows: int = ROWS, seed: int = 0) -> tuple[pd.DataFrame, np.random.Generator]:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 3)).round(4), columns=["x0", "x1", "x2"])
    return frame, random


def load(source: pd.DataFrame | Path, tasks: dict[str, object], **spec: Any) -> Dataset:
    configs = task_configs(tasks)
    if isinstance(source, Path):
        given = DataSpec.model_validate({"source": source.name, **spec})
        return load_dataset(given, configs, base=source.parent)
    table = pa.Table.from_pandas(source, preserve_index=False)
    return dataset_from_table(table, DataSpec.model_validate({"source": "made up", **spec}), configs)


def classes(data: Dataset, task: str) -> tuple[object, ...]:
    fitted = data.tasks[task]
    assert isinstance(fitted, Multiclass)
    return fitted.classes


# what is missing


def regions(tmp_path: Path, suffix: str) -> Path:
    frame, random = base()
    frame["region"] = np.select([frame.x0 < -0.5, frame.x0 < 0.5], ["NA", "EU"], "APAC")
    frame["country"] = random.choice(["NA", "NG", "NE"], ROWS)
    frame.loc[:4, "region"] = ""
    frame.loc[:9, "x1"] = np.nan
    path = tmp_path / f"data.{suffix}"
    frame.to_csv(path, index=False, na_rep="NA") if suffix == "csv" else frame.to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_na_is_a_class_and_an_empty_text_is_missing_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = regions(tmp_path, suffix)
    data = load(path, {"region": "multiclass"})
    assert classes(data, "region") == ("APAC", "EU", "NA")
    assert sum(int((~rows.labelled["region"]).sum()) for rows in data.splits.values()) == 5
    assert data.encoding.numeric.flagged == ("x1",), "NA among numbers is missing"
    assert any("'NA' in columns 'region', 'country' is taken as a value" in note for note in data.warnings)
    without = load(path, {"region": "multiclass"}, missing=["NA"])
    assert classes(without, "region") == ("APAC", "EU")
    assert not any("'NA'" in note for note in without.warnings)
    one = load(path, {"region": "multiclass"}, missing={"country": ["NA"]})
    assert classes(one, "region") == ("APAC", "EU", "NA")
    assert dict(zip(one.encoding.categorical.columns, one.encoding.categorical.levels, strict=True)) == {
        "country": ("NE", "NG")
    }


def test_both_formats_are_one_table(tmp_path: Path) -> None:
    one, other = (load(regions(tmp_path, suffix), {"region": "multiclass"}) for suffix in ("csv", "parquet"))
    assert one.fingerprint == other.fingerprint


def sentinels() -> pd.DataFrame:
    frame, random = base(700)
    flags = (frame.x0 > 0).astype(int)
    frame["assay"] = flags.where(random.random(700) >= 0.4, -1)
    frame["stage"] = np.where(random.random(700) < 0.3, -1, np.digitize(frame.x2, [-1, 0, 1]))
    frame["level"] = np.where(random.random(700) < 0.3, -999, (frame.x1 * 5 + 20).round(2))
    return frame


def test_values_that_look_like_missing_ones_are_told() -> None:
    data = load(sentinels(), {"level": "regression", "stage": "multiclass"})
    notes = [note for note in data.warnings if "looks like a sign for a missing value" in note]
    assert [note.split(" looks")[0] for note in notes] == [
        "-999 in column 'level'",
        "-1 in columns 'stage', 'assay'",
    ]
    with pytest.raises(DataError, match=r"found 3: -1, 0, 1; use kind: multiclass, or .* missing: \[-1\]"):
        load(sentinels(), {"assay": "binary"})


def test_values_that_mean_missing_are_missing() -> None:
    tasks: dict[str, object] = {
        "level": {"kind": "regression", "missing": [-999]},
        "stage": {"kind": "multiclass", "missing": [-1]},
        "assay": {"kind": "binary", "missing": ["-1"]},
    }
    data = load(sentinels(), tasks)
    level = data.tasks["level"]
    assert isinstance(level, Regression)
    assert level.mean == pytest.approx(20, abs=1)
    assert classes(data, "stage") == (0, 1, 2, 3)
    assert not any("missing value" in note for note in data.warnings)
    everywhere = load(sentinels(), {"level": "regression"}, missing=[-999, -1])
    assert everywhere.encoding.numeric.flagged == ("assay", "stage")


# what columns are called and how they are written


def test_a_task_may_have_another_name_than_its_column() -> None:
    frame, _ = base()
    frame["IC50 (nM)"] = frame.x0
    frame.loc[0, "IC50 (nM)"] = np.inf
    tasks: dict[str, object] = {"ic50": {"kind": "regression", "column": "IC50 (nM)"}}
    with pytest.raises(DataError, match=r"task 'ic50', column 'IC50 \(nM\)': expected finite numbers"):
        load(frame, tasks)
    frame.loc[0, "IC50 (nM)"] = 0.0
    data = load(frame, tasks)
    assert list(data.tasks) == ["ic50"]
    assert "IC50 (nM)" not in data.encoding.columns


def spreadsheet(tmp_path: Path, **how: Any) -> Path:
    frame, random = base(400)
    frame["cost"], frame["late"] = (frame.x0 * 3 + 10).round(2), (frame.x1 > 0).astype(int)
    frame["color"] = random.choice(["red", "blue"], 400)
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False, **how)
    return path


TASKS: dict[str, object] = {"cost": "regression", "late": "binary"}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, ""),
        ({"sep": ";", "decimal": ","}, "';' between fields (separator: ';') and a decimal comma"),
        ({"decimal": ",", "quoting": 2}, "read with a decimal comma (decimal: ',')"),
        ({"sep": ";"}, "read with ';' between fields"),
        ({"sep": "\t"}, "'\\t' between fields"),
        ({"sep": "|"}, "'|' between fields"),
    ],
)
def test_separator_and_decimal_sign_are_found_and_told(
    tmp_path: Path, how: dict[str, Any], told: str
) -> None:
    path = spreadsheet(tmp_path, **how)
    data = load(path, TASKS)
    assert data.encoding.numeric.columns == ("x0", "x1", "x2")
    assert data.encoding.categorical.columns == ("color",)
    assert told in " ".join(data.warnings)
    assert data.fingerprint == load(spreadsheet(tmp_path), TASKS).fingerprint
    given = {"separator": how.get("sep"), "decimal": how.get("decimal")}
    again = load(spreadsheet(tmp_path, **how), TASKS, **{name: sign for name, sign in given.items() if sign})
    assert not any("read with" in note for note in again.warnings)


def test_numbers_that_stay_text_are_told(tmp_path: Path) -> None:
    frame, _ = base()
    frame["dose"] = [f"{value:.2f}".replace(".", ",") for value in frame.x0]
    frame["count"] = [str(value) for value in np.arange(ROWS) % 50]
    frame["y"] = frame.x1
    path = tmp_path / "data.parquet"
    frame.to_parquet(path, index=False)
    notes = " ".join(load(path, {"y": "regression"}).warnings)
    assert "column 'dose' is text though nearly all of it is numbers" in notes
    assert "column 'count' is text though all of it is numbers" in notes
    declared = load(path, {"y": "regression"}, inputs={"count": "numeric"})
    assert "count" in declared.encoding.numeric.columns
    with pytest.raises(DataError, match=r"inputs.dose: expected values that can be numeric"):
        load(path, {"y": "regression"}, inputs={"dose": "numeric"})


def test_signs_of_a_csv_file_are_for_csv_files(tmp_path: Path) -> None:
    frame, _ = base()
    frame.to_parquet(tmp_path / "data.parquet")
    with pytest.raises(DataError, match="separator and decimal: expected a CSV file"):
        load(tmp_path / "data.parquet", {"x0": "regression"}, decimal=",")


# what columns are


def stores() -> pd.DataFrame:
    frame, random = base(900)
    code = random.integers(100, 140, 900)
    frame["store"] = pd.Categorical(code)
    frame["sales"] = random.normal(0, 2, 40)[code - 100]
    return frame


def test_whole_numbers_that_are_categories_are_so_in_every_format(tmp_path: Path) -> None:
    stores().to_parquet(tmp_path / "data.parquet", index=False)
    stores().to_feather(tmp_path / "data.feather")
    one, other = (
        load(tmp_path / f"data.{suffix}", {"sales": "regression"}) for suffix in ("parquet", "feather")
    )
    assert one.encoding.categorical.columns == other.encoding.categorical.columns == ("store",)
    assert one.encoding.categorical.levels == other.encoding.categorical.levels
    assert one.fingerprint == other.fingerprint


def test_columns_can_be_declared_and_the_fingerprint_knows() -> None:
    frame = stores().astype({"store": int})
    plain = load(frame, {"sales": "regression"})
    declared = load(frame, {"sales": "regression"}, inputs={"store": "categorical"})
    assert plain.encoding.numeric.columns[-1] == "store"
    assert declared.encoding.categorical.columns == ("store",)
    assert plain.fingerprint != declared.fingerprint
    table = pa.Table.from_pandas(frame.head(5))
    assert declared.encoding.encode(table)["categorical"].min() > 0, "new rows need no casting"
    floats = load(frame.astype({"store": float}), {"sales": "regression"}, inputs={"store": "categorical"})
    assert floats.encoding.categorical == declared.encoding.categorical


def test_large_integers_are_told_apart() -> None:
    frame, _ = base(900)
    frame["customer"], frame["event"] = (1 << 60) + np.arange(900) // 6, (1 << 60) + np.arange(900)
    data = load(frame, {"x0": "regression"}, group="customer")
    units = [set(rows.units.tolist()) for rows in data.splits.values()]
    assert sum(map(len, units)) == len(set.union(*units)) == 150
    assert "column 'event' looks like an identifier and is not used as an input" in data.warnings
    small = load(frame.assign(customer=frame.customer - (1 << 60)), {"x0": "regression"}, group="customer")
    assert len(set.union(*(set(rows.units.tolist()) for rows in small.splits.values()))) == 150


# how rows are split


def rare(seed: int) -> pd.DataFrame:
    frame, random = base(1200, seed)
    shares = 1 / np.arange(1, 31) ** 1.6
    frame["diagnosis"] = [f"D{code:02d}" for code in random.choice(30, 1200, p=shares / shares.sum())]
    return frame


def test_rare_classes_are_in_train_whatever_the_seed() -> None:
    frame = rare(0)
    counts = frame.diagnosis.value_counts().to_dict()
    for seed in range(10):
        data = load(frame, {"diagnosis": "multiclass"}, split={"seed": seed})
        assert len(classes(data, "diagnosis")) == len(counts)
        for code, name in enumerate(classes(data, "diagnosis")):
            found = {
                which: int((rows.targets["diagnosis"] == code).sum()) for which, rows in data.splits.items()
            }
            assert found[Split.TRAIN] >= 1
            if 7 <= counts[name] < 60:
                assert min(found.values()) >= 1
                assert found[Split.TEST] == pytest.approx(0.15 * counts[name], abs=2)


def test_rows_without_a_rare_label_stay_where_their_hash_puts_them() -> None:
    frame = rare(0)
    table = pa.Table.from_pandas(frame)
    codes = pd.factorize(frame.diagnosis)[0]
    rows = np.bincount(codes)[codes] >= 67  # ten in a split of 15 %
    specs = [DataSpec(source="x", split=SplitSpec(stratify=on)) for on in (True, False)]
    kept = [split_rows(table, hash_rows(table), spec, [codes]) for spec in specs]
    for which in Split:
        dealt, plain = (set(index[which][rows[index[which]]].tolist()) for index in kept)
        assert dealt == plain
    assert any(set(kept[0][which]) != set(kept[1][which]) for which in Split)


def test_sixteen_rare_assays_are_all_in_every_split() -> None:
    frame, random = base(2000, 13)
    names = [f"assay_{number:02d}" for number in range(16)]
    for name in names:
        values = frame.x0 + random.normal(0, 1, 2000)
        labels = (values > values.quantile(0.99)).astype(float)
        labels[random.random(2000) > 0.35] = np.nan
        frame[name] = labels
    for seed in range(5):
        data = load(frame, dict.fromkeys(names, "binary"), split={"seed": seed})
        left = set(names) - data.tasks.keys()
        few = {name for name in names if frame[name].sum() < 7}
        assert left <= few, "no rare label is lost to a split that could have had it"
        assert len(data.warnings) >= len(left)


def test_a_split_by_time_holds_the_last_rows_back() -> None:
    frame, random = base(900)
    frame["day"] = pd.Timestamp("2021-01-01") + pd.to_timedelta(random.integers(0, 300, 900), unit="D")
    frame["patient"] = np.arange(900) % 90
    split = SplitSpec(time="day").model_dump()
    data = load(frame.assign(t=frame.day.astype("int64") / 1e15), {"x0": "regression"}, split=split)
    assert "day" not in data.encoding.columns
    times = {which: rows.inputs["numeric"][:, -1] for which, rows in data.splits.items()}
    assert times[Split.TRAIN].max() < times[Split.VALID].min()
    assert times[Split.VALID].max() < times[Split.TEST].min()
    assert len(data.splits[Split.TEST]) == pytest.approx(135, abs=3)
    cut = load(frame, {"x0": "regression"}, split=split, group="patient", inputs={"day": "numeric"})
    assert "day" in cut.encoding.numeric.columns
    assert any("of 90 groups of 'patient' stand in several splits" in note for note in cut.warnings)
    for wrong, said in (
        (frame.assign(day="soon"), "dates, times or numbers"),
        (frame.assign(day=None), "dates"),
    ):
        with pytest.raises(DataError, match=f"split.time 'day': expected .*{said}"):
            load(wrong, {"x0": "regression"}, split=split)


def test_neither_dropped_columns_nor_row_ids_move_rows() -> None:
    frame, random = base()
    frame["y"] = frame.x0 + random.normal(size=ROWS)
    whole = load(frame, {"y": "regression"})
    with_more = frame.assign(note=random.normal(size=ROWS), record_id=random.permutation(ROWS) * 7)
    data = load(with_more, {"y": "regression"}, drop=["note"])
    assert data.test_rows == whole.test_rows
    assert data.fingerprint == whole.fingerprint
    assert load(with_more, {"y": "regression"}).test_rows != whole.test_rows, "an input counts"


def test_with_a_key_nothing_else_moves_rows() -> None:
    frame, random = base()
    frame["patient"], frame["visit"] = np.arange(ROWS) // 3, np.arange(ROWS) % 3
    frame["y"] = frame.x0 + random.normal(size=ROWS)
    split = {"key": ["patient", "visit"], "seed": 3}
    data = load(frame, {"y": "regression"}, split=split)
    assert set(data.encoding.columns) == {"x0", "x1", "x2"}
    changed = frame.assign(x1=random.normal(size=ROWS), more=random.normal(size=ROWS)).drop(columns="x2")
    assert load(changed, {"y": "regression"}, split=split).test_rows == data.test_rows
    assert (
        load(changed, {"y": "regression", "x0": "regression"}, split=split).test_rows["y"]
        == data.test_rows["y"]
    )
    shuffled = frame.sample(frac=1, random_state=0)
    again = load(shuffled, {"y": "regression"}, split=split)
    assert len(again.splits[Split.TEST]) == len(data.splits[Split.TEST])
    frame.loc[5, ["patient", "visit"]] = np.nan
    with pytest.raises(DataError, match=r"split.key: expected a key in every row, found 1 rows without one"):
        load(frame, {"y": "regression"}, split=split)


def test_copies_with_a_row_id_stand_together_and_repeats_are_counted() -> None:
    frame, random = base(200)
    frame["y"] = random.normal(size=200)
    copies = pd.concat([frame] * 4, ignore_index=True).assign(row_id=np.arange(800))
    assert not any("equal a train row" in note for note in load(copies, {"y": "regression"}).warnings)
    noisy = copies.assign(y=random.normal(size=800))  # the same inputs measured again
    (note,) = (n for n in load(noisy, {"y": "regression"}).warnings if "train row in all inputs" in n)
    assert int(note.split(" of ")[0]) > 50
