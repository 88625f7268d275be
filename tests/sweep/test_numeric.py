"""How a sweep file says how numbers are read: a name, options that may be ranges, kinds to search over."""

from collections.abc import Callable

import pytest

from mtl_search.errors import SpecError
from mtl_search.space.suggest import FixedSuggest
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import arms_of
from mtl_search.training import TrialConfig

MakeSpec = Callable[..., SweepSpec]


def spec_of(tiny_spec: MakeSpec, numeric: object) -> SweepSpec:
    trial = {"trunk": {"name": "mlp", "stages": 2}, "encoder": {"name": "table", "numeric": numeric}}
    return tiny_spec(trial=trial, references={"linear": True})


@pytest.mark.parametrize(
    ("numeric", "asked", "values", "found"),
    [
        ("ple", set(), {}, {"name": "ple", "bins": 48, "width": 8}),
        (
            {"name": "plr", "sigma": {"float": [0.01, 10.0], "log": True}, "frequencies": {"int": [8, 32]}},
            {"encoder.numeric.sigma", "encoder.numeric.frequencies"},
            {"encoder.numeric.sigma": 0.5},
            {"name": "plr", "sigma": 0.5, "frequencies": 8, "width": 8},
        ),
        (
            {"categorical": ["plain", "ple", "plr"]},
            {"encoder.numeric"},
            {"encoder.numeric": "plain"},
            {"name": "plain"},
        ),
        (
            {"one_of": ["plain", {"name": "ple", "bins": {"int": [8, 96], "log": True}, "width": 4}]},
            {"encoder.numeric.name", "encoder.numeric.ple.bins"},
            {"encoder.numeric.name": "ple", "encoder.numeric.ple.bins": 96},
            {"name": "ple", "bins": 96, "width": 4},
        ),
    ],
)
def test_forms(
    tiny_spec: MakeSpec,
    numeric: object,
    asked: set[str],
    values: dict[str, str | float],
    found: dict[str, object],
) -> None:
    space = spec_of(tiny_spec, numeric).space
    assert {p.name for p in space.parameters(["ill"]) if "encoder" in p.name} == asked
    config = TrialConfig.model_validate(space.sample(FixedSuggest(values), ["ill"]))
    assert config.encoder.model_dump()["numeric"] == found
    assert TrialConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("numeric", "said"),
    [
        ("pla", "numeric: expected a known name, found 'pla'; did you mean 'plain'?"),
        ({"name": "plain", "bins": 8}, "numeric.bins: expected a known key, found 'bins'; valid: name"),
        ({"name": "ple", "sigma": 0.1}, "numeric.sigma: expected a known key, found 'sigma'"),
        (
            {"name": "ple", "bins": {"int": [2, 97]}},
            "numeric.bins: expected a number of at most 96, found 97",
        ),
        ({"name": "ple", "bins": 1}, "numeric.bins: expected a number of at least 2, found 1"),
        ({"name": "plr", "sigma": 0.0}, "numeric.sigma: expected a number above 0, found 0.0"),
        ({"categorical": ["plain", "ple8"]}, "numeric: expected a known name, found 'ple8'"),
        ({"one_of": ["plain", {"name": "plr", "k": 3}]}, "numeric.one_of[1].k: expected a known key"),
        ({"bins": 8}, "numeric: expected a mapping with name, found {bins: 8}; valid: plain, ple, plr"),
    ],
)
def test_what_is_refused(tiny_spec: MakeSpec, numeric: object, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        spec_of(tiny_spec, numeric)
    assert f"trial.encoder.{said}" in str(refused.value)


@pytest.mark.parametrize("numeric", ["ple", {"one_of": ["ple", "plr"]}])
def test_the_linear_reference_reads_plain_numbers(tiny_spec: MakeSpec, numeric: object) -> None:
    (linear,) = (arm for arm in arms_of(spec_of(tiny_spec, numeric)) if arm.name == "linear")
    config = TrialConfig.model_validate(linear.space.sample(FixedSuggest({}), ["ill"]))
    assert config.encoder.model_dump()["numeric"] == {"name": "plain"}
    assert {parameter.name for parameter in linear.space.parameters(["ill"])} == {"optimizer.lr"}
