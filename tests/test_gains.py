import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies._internal.random import ArtificialRandom

from mtl_search.records import MetricKind, gains, mean_gain


def delta_m(
    values: Mapping[str, float],
    references: Mapping[str, float],
    metrics: Mapping[str, MetricKind],
    weights: Mapping[str, float] | None = None,
) -> float:
    return mean_gain(gains(values, references, metrics), weights)


# NYUv2, three tasks with nine metrics, as printed by Navon et al. 2022 (Nash-MTL) and Liu et al. 2023 (FAMO):
# mIoU, pixel accuracy; absolute, relative depth error; mean, median normal error, and the share within
# 11.25, 22.5 and 30 degrees. The papers print delta_m with the other sign (lower is better).
NYUV2 = ("miou", "pixel", "abs", "rel", "mean", "median", "within_11", "within_22", "within_30")
NYUV2_METRICS = {name: MetricKind(name, name not in ("abs", "rel", "mean", "median")) for name in NYUV2}
NYUV2_SINGLE = (38.30, 63.76, 0.6754, 0.2780, 25.01, 19.21, 30.14, 57.20, 69.15)
NYUV2_ROWS = {
    "LS": ((39.29, 65.33, 0.5493, 0.2263, 28.15, 23.96, 22.09, 47.50, 61.08), 5.59),
    "SI": ((38.45, 64.27, 0.5354, 0.2201, 27.60, 23.37, 22.53, 48.57, 62.32), 4.39),
    "RLW": ((37.17, 63.77, 0.5759, 0.2410, 28.27, 24.18, 22.26, 47.05, 60.62), 7.78),
    "DWA": ((39.11, 65.31, 0.5510, 0.2285, 27.61, 23.18, 24.17, 50.18, 62.39), 3.57),
    "UW": ((36.87, 63.17, 0.5446, 0.2260, 27.04, 22.61, 23.54, 49.05, 63.65), 4.05),
    "MGDA": ((30.47, 59.90, 0.6070, 0.2555, 24.88, 19.45, 29.18, 56.88, 69.36), 1.38),
    "PCGrad": ((38.06, 64.64, 0.5550, 0.2325, 27.41, 22.80, 23.86, 49.83, 63.14), 3.97),
    "GradDrop": ((39.39, 65.12, 0.5455, 0.2279, 27.48, 22.96, 23.38, 49.44, 62.87), 3.58),
    "CAGrad": ((39.79, 65.49, 0.5486, 0.2250, 26.31, 21.58, 25.61, 52.36, 65.58), 0.20),
    "Nash-MTL": ((40.13, 65.93, 0.5261, 0.2171, 25.26, 20.08, 28.40, 55.47, 68.15), -4.04),
    "FAMO": ((38.88, 64.90, 0.5474, 0.2194, 25.06, 19.57, 29.21, 56.61, 68.98), -4.10),
}

# Cityscapes, the same papers: mIoU, pixel accuracy, absolute and relative depth error. Printed values come
# from unrounded runs; an absolute error of 0.0125 in four digits leaves delta_m uncertain by 0.1.
CITYSCAPES = ("miou", "pixel", "abs", "rel")
CITYSCAPES_SINGLE = (74.01, 93.16, 0.0125, 27.77)
CITYSCAPES_ROWS = {
    "LS": ((75.18, 93.49, 0.0155, 46.77), 22.60),
    "SI": ((70.95, 91.73, 0.0161, 33.83), 14.11),
    "RLW": ((74.57, 93.41, 0.0158, 47.79), 24.38),
    "DWA": ((75.24, 93.52, 0.0160, 44.37), 21.45),
    "UW": ((72.02, 92.85, 0.0140, 30.13), 5.89),
    "MGDA": ((68.84, 91.54, 0.0309, 33.50), 44.14),
    "PCGrad": ((75.13, 93.48, 0.0154, 42.07), 18.29),
    "CAGrad": ((75.16, 93.48, 0.0141, 37.60), 11.64),
    "Nash-MTL": ((75.41, 93.66, 0.0129, 35.02), 6.82),
}


@pytest.mark.parametrize("method", NYUV2_ROWS)
def test_the_printed_numbers_of_nyuv2_are_reproduced(method: str) -> None:
    row, printed = NYUV2_ROWS[method]
    values, single = dict(zip(NYUV2, row, strict=True)), dict(zip(NYUV2, NYUV2_SINGLE, strict=True))
    assert -delta_m(values, single, NYUV2_METRICS) == pytest.approx(printed, abs=0.01)


@pytest.mark.parametrize("method", CITYSCAPES_ROWS)
def test_the_printed_numbers_of_cityscapes_are_reproduced(method: str) -> None:
    row, printed = CITYSCAPES_ROWS[method]
    metrics = {name: NYUV2_METRICS[name] for name in CITYSCAPES}
    values, single = (dict(zip(CITYSCAPES, found, strict=True)) for found in (row, CITYSCAPES_SINGLE))
    assert -delta_m(values, single, metrics) == pytest.approx(printed, abs=0.11)


R2 = MetricKind("r2", True, floor=0.01)
KINDS = {"ward": MetricKind("accuracy", True), "age": MetricKind("rmse", False), "cost": R2}


def test_gains_by_hand() -> None:
    found = gains({"ward": 0.9, "age": 8.0, "cost": 0.3}, {"ward": 0.8, "age": 10.0, "cost": 0.4}, KINDS)
    assert found == pytest.approx({"ward": 12.5, "age": 20.0, "cost": -25.0})


def test_a_negative_reference_keeps_the_direction_where_the_metric_has_no_floor() -> None:
    elbo = MetricKind("elbo", True)
    assert gains({"cost": 0.1}, {"cost": -0.2}, {"cost": elbo}) == pytest.approx({"cost": 150.0})
    assert math.isnan(gains({"cost": 0.1}, {"cost": -0.2}, {"cost": R2})["cost"])


@pytest.mark.parametrize(
    ("values", "references"),
    [
        ({}, {"cost": 0.4}),  # no value
        ({"cost": 0.4}, {}),  # no reference
        ({"cost": 0.4}, {"cost": 0.0}),
        ({"cost": 0.4}, {"cost": 0.01}),  # at the floor
        ({"cost": 0.4}, {"cost": -0.005}),
        ({"cost": math.nan}, {"cost": 0.4}),
        ({"cost": math.inf}, {"cost": 0.4}),
    ],
)
def test_an_undefined_gain_is_nan_and_left_out_of_delta_m(
    values: dict[str, float], references: dict[str, float]
) -> None:
    assert math.isnan(gains(values, references, KINDS).get("cost", math.nan))
    with_age = delta_m({**values, "age": 9.0}, {**references, "age": 10.0}, KINDS)
    assert with_age == pytest.approx(10.0)


def test_delta_m_of_nothing_is_nan() -> None:
    assert math.isnan(delta_m({}, {}, KINDS))
    assert math.isnan(delta_m({}, {}, {}))


positive = st.floats(0.05, 100)


@given(st.lists(st.tuples(positive, positive, st.booleans()), min_size=1, max_size=6), positive, st.randoms())
def test_delta_m_depends_on_neither_order_nor_units(
    tasks: list[tuple[float, float, bool]], scale: float, random: ArtificialRandom
) -> None:
    names = [f"task{i}" for i in range(len(tasks))]
    values = {name: value for name, (value, _, _) in zip(names, tasks, strict=True)}
    single = {name: value for name, (_, value, _) in zip(names, tasks, strict=True)}
    metrics = {name: MetricKind("metric", higher) for name, (_, _, higher) in zip(names, tasks, strict=True)}
    expected = delta_m(values, single, metrics)
    shuffled = random.sample(names, len(names))
    again = delta_m(
        {name: values[name] * scale for name in shuffled},
        {name: single[name] * scale for name in reversed(shuffled)},
        {name: metrics[name] for name in shuffled},
    )
    assert again == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert delta_m(single, single, metrics) == 0.0
