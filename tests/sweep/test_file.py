"""sweep.yaml: what is written is read again as the same sweep."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.planted_data import LinearStages
from mtl_search.errors import SpecError
from mtl_search.space import FixedSuggest
from mtl_search.sweep import SweepSpec, load_sweep
from mtl_search.sweep.file import SWEEP_FILE, save_sweep, with_changes
from mtl_search.tasks import Binary
from mtl_search.training import TrialConfig
from mtl_search.weighting import DwaConfig

MakeSpec = Callable[..., SweepSpec]
TRICKY = (
    *(
        "no",
        "yes",
        "on",
        "null",
        "~",
        "True",
        "1e-4",
        "0x1F",
        "0o7",
        "012",
        "1:30",
        "2020-01-01",
        "1_000",
        ".5",
    ),
    *(
        "",
        " a ",
        "é",
        "🙂",
        "a: b",
        "- a",
        "#c",
        "'",
        '"',
        "[x]",
        "{y}",
        "a\nb",
        "\t",
        "!tag",
        "&a",
        "*a",
        "%",
        "@",
    ),
    *("<<", "=", "-", "?", "|", ">"),
)


def kept(spec: SweepSpec, folder: Path) -> SweepSpec:
    save_sweep(spec, folder)
    return load_sweep(folder / SWEEP_FILE)


def test_round_trip(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(
        arms={"mine": {"members": "all", "weighting": {"name": "pcgrad"}}},
        constraints={"n_params": 100_000},
        trial={
            "weighting": {
                "one_of": [{"name": "equal"}, {"name": "fixed", "weights": {"simplex": [0.1, 10]}}]
            },
            "patience": 3,
        },
    )
    again = kept(spec, tmp_path)
    assert again.settings == spec.settings
    assert again.space == spec.space
    assert again.arms == spec.arms


def test_a_trunk_configured_in_python_is_read_again_where_its_class_is_known(
    tiny_spec: MakeSpec, tmp_path: Path
) -> None:
    trunk = LinearStages(stages=2, widths=(3, 1))
    spec = tiny_spec(trial={"trunk": trunk, "members": "all", "sharing": "shared"})
    again = kept(spec, tmp_path).space.sample(FixedSuggest({}), ("cost", "ill"))
    assert TrialConfig.model_validate(again).trunk == trunk


def test_a_weighting_and_a_task_configured_in_python_are_read_again(
    tiny_spec: MakeSpec, tmp_path: Path
) -> None:
    weighting, ill = DwaConfig(temperature=3.0), Binary.Config(metric="f1")
    trial = {"trunk": {"name": "mlp", "stages": 2}, "members": "all", "weighting": weighting}
    again = kept(tiny_spec(trial=trial, tasks={"ill": ill, "cost": "regression"}), tmp_path)
    assert again.settings.tasks["ill"] == ill
    sampled = again.space.sample(FixedSuggest({}), ("cost", "ill"))
    assert TrialConfig.model_validate(sampled).weighting == weighting


def test_twice_is_once(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    once = kept(tiny_spec(), tmp_path)
    text = (tmp_path / SWEEP_FILE).read_text()
    kept(once, tmp_path)
    assert (tmp_path / SWEEP_FILE).read_text() == text


@pytest.mark.parametrize("column", TRICKY)
def test_text_that_looks_like_something_else_stays_text(
    tiny_spec: MakeSpec, tmp_path: Path, column: str
) -> None:
    spec = tiny_spec(data={"drop": ["patient", column]})
    assert kept(spec, tmp_path).settings.data.drop == ("patient", column)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    column=st.text(
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=12
    ),
    rate=st.floats(1e-12, 1e6),
    number=st.integers(1, 10**9),
)
def test_any_text_and_number_stays_what_it_is(
    tiny_spec: MakeSpec, tmp_path: Path, column: str, rate: float, number: int
) -> None:
    spec = tiny_spec(
        data={"group": column}, trial={"optimizer": {"name": "sgd", "lr": rate}, "batch_size": number}
    )
    again = kept(spec, tmp_path)
    assert again.settings.data.group == column
    assert again.space == spec.space


def test_a_relative_path_still_leads_to_the_data(tiny_sweep: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    spec = SweepSpec.from_value(tiny_sweep(data={"source": "../here/x.parquet"}), tmp_path / "files")
    assert kept(spec, folder).settings.data.source == str(tmp_path / "here" / "x.parquet")


@pytest.mark.parametrize("source", ["support2", "s3://bucket/x.parquet", "https://x.org/y.csv", "/abs/x.csv"])
def test_other_sources_stay(tiny_spec: MakeSpec, tmp_path: Path, source: str) -> None:
    assert kept(tiny_spec(data={"source": source}), tmp_path).settings.data.source == source


def test_it_appears_whole(tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tiny_spec(), tmp_path)
    before = (tmp_path / SWEEP_FILE).read_text()

    def full(*arguments: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises(OSError, match="no space"):
            save_sweep(tiny_spec(budget={"trials": 9}), tmp_path)
    assert (tmp_path / SWEEP_FILE).read_text() == before


# changes


def test_another_name_and_budget(tiny_spec: MakeSpec) -> None:
    spec = with_changes(tiny_spec(), name="other", trials=7)
    assert (spec.settings.name, spec.settings.budget.trials) == ("other", 7)
    assert spec.settings.budget.reference_trials == tiny_spec().settings.budget.reference_trials


def test_trials_take_the_place_of_hours(tiny_spec: MakeSpec) -> None:
    spec = with_changes(tiny_spec(budget={"trials": None, "hours": 2.0}), trials=7)
    assert (spec.settings.budget.trials, spec.settings.budget.hours) == (7, None)


def test_nothing_changed_is_the_same(tiny_spec: MakeSpec) -> None:
    assert with_changes(tiny_spec()).settings == tiny_spec().settings


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "/etc", "a b"])
def test_changes_are_checked(tiny_spec: MakeSpec, name: str) -> None:
    with pytest.raises(SpecError, match="name: expected up to 100 letters, digits"):
        with_changes(tiny_spec(), name=name)


def test_trials_are_checked(tiny_spec: MakeSpec) -> None:
    with pytest.raises(SpecError, match=r"budget\.trials"):
        with_changes(tiny_spec(), trials=-4)


def test_the_original_stays_as_it_was(tiny_spec: MakeSpec) -> None:
    spec = tiny_spec()
    with_changes(spec, name="other", trials=9)
    assert (spec.settings.name, spec.settings.budget.trials) == ("tiny", 3)
    assert spec.document.data["name"] == "tiny"
