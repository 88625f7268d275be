"""The package as a whole: its names, what of TorchJD it offers, what importing it costs."""

import subprocess
import sys

import pytest
import torchjd.aggregation
import torchjd.scalarization
from pydantic import TypeAdapter, ValidationError

import mtl_search.weighting
from mtl_search.weighting import AnyConfig, EqualConfig, WeightingConfig

CONFIGS = AnyConfig.__args__
ADAPTER = TypeAdapter(WeightingConfig)


def test_every_method_has_a_name_of_its_own_and_is_exported() -> None:
    names = [config.model_fields["name"].default for config in CONFIGS]
    assert len(set(names)) == len(names)
    assert {config.__name__ for config in CONFIGS} <= set(mtl_search.weighting.__all__)


def test_the_name_tells_methods_apart() -> None:
    assert ADAPTER.validate_python({"name": "equal"}) == EqualConfig()
    with pytest.raises(ValidationError, match="'nash_mtl'"):
        ADAPTER.validate_python({"name": "nash"})


OFFERED = {
    "Constant": "fixed", "COSMOS": "cosmos", "DWA": "dwa", "FAMO": "famo", "GeometricMean": "geometric_mean",
    "IMTLL": "imtl_l", "Mean": "mean", "PBI": "pbi", "Random": "random", "STCH": "stch", "Sum": "equal",
    "UW": "uncertainty", "AlignedMTL": "aligned_mtl", "CAGrad": "cagrad", "ConFIG": "config",
    "CRMOGM": "cr_mogm", "DualProj": "dualproj", "ExcessMTL": "excess_mtl", "FairGrad": "fairgrad",
    "GradDrop": "graddrop", "GradVac": "gradvac", "IMTLG": "imtl_g", "MGDA": "mgda", "NashMTL": "nash_mtl",
    "PCD": "pcd", "PCGrad": "pcgrad", "TrimmedMean": "trimmed_mean", "UPGrad": "upgrad",
}  # fmt: skip
BASES = {"Aggregator", "GramianWeightedAggregator", "Scalarizer", "WeightedAggregator", ""}


def test_all_of_torchjd_is_offered_or_said_not_to_be() -> None:
    kinds = {*torchjd.aggregation.__all__, *torchjd.scalarization.__all__}
    left_out = {kind.removesuffix("Weighting") for kind in kinds} - BASES - OFFERED.keys()
    assert left_out == {"Krum", "MoDo", "SDMGrad"}
    assert all(f"``{kind}``" in mtl_search.weighting.__doc__ for kind in left_out)
    assert set(OFFERED.values()) <= {config.model_fields["name"].default for config in CONFIGS}


def test_torchjd_is_not_imported_before_a_method_needs_it() -> None:
    program = (
        "import sys; from mtl_search.weighting import EqualConfig, UncertaintyConfig;"
        "EqualConfig().build(('age',)); assert 'torchjd' not in sys.modules;"
        "UncertaintyConfig().build(('age',)); assert 'torchjd' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
