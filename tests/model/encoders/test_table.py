from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mtl_search.data import InputShape
from mtl_search.model.encoders.numbers import Periodic, PiecewiseLinear
from mtl_search.model.encoders.table import TableConfig, TableEncoder, embedding_dims
from mtl_search.model.trunks.mlp import MlpConfig
from mtl_search.testing.encoder_suite import EncoderSuite
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_cost, toy_rows
from mtl_search.testing.trunk_suite import TrunkSuite
from tests.fixtures.parts import Stepwise, Tokens

TABLE = TableConfig()


class TestTable(EncoderSuite):
    @pytest.fixture(
        params=[
            TableConfig(),
            TableConfig(embedding_dim=3),
            TableConfig(numeric=PiecewiseLinear(bins=3, width=4)),
            TableConfig(numeric=Periodic(frequencies=5, width=4)),
        ],
        autouse=True,
    )
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.table = request.param

    def encoder(self) -> TableConfig:
        return self.table


class TestTokens(EncoderSuite):
    """A second kind of encoder: of sequences."""

    def encoder(self) -> Tokens:
        return Tokens()


class TestSteps(TrunkSuite):
    """A second kind of features, through stages and heads."""

    def trunk(self) -> Stepwise:
        return Stepwise(stages=3)

    def encoder(self) -> Tokens:
        return Tokens()


@pytest.mark.parametrize("options", [{"embedding_dim": 0}, {"embedding_dim": "small"}, {"width": 3}])
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        TableConfig(**options)


@pytest.mark.parametrize(
    ("cardinality", "dim"),
    [(2, 2), (3, 3), (10, 6), (100, 21), (470, 50), (10**6, 50)],  # round(1.6 * n ** 0.56), by hand
)
def test_the_rule_for_widths(cardinality: int, dim: int) -> None:
    assert embedding_dims(InputShape(0, (cardinality,)), "auto") == (dim,)


def test_a_fixed_width_serves_every_column() -> None:
    assert embedding_dims(InputShape(1, (2, 50)), 7) == (7, 7)
    assert TableConfig(embedding_dim=7).features(InputShape(1, (2, 50))).width == 15
    assert TableConfig(embedding_dim=7).chunks(InputShape(2, (2, 50))) == (1, 1, 7, 7)


@given(st.lists(st.integers(1, 10**6), max_size=6), st.integers(0, 5))
def test_widths_grow_with_the_cardinality_and_stay_within_bounds(
    cardinalities: list[int], n_numeric: int
) -> None:
    shape = InputShape(n_numeric, tuple(sorted(cardinalities)))
    dims = embedding_dims(shape, "auto")
    assert list(dims) == sorted(dims)
    assert all(1 <= dim <= 50 for dim in dims)
    assert TableConfig().features(shape).width == n_numeric + sum(dims)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 3), st.integers(0, 2**31))
def test_the_one_look_up_equals_an_embedding_for_each_column(
    cardinalities: list[int], n_numeric: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = InputShape(n_numeric, tuple(cardinalities))
    encoder = TableEncoder(shape)
    numeric = torch.randn(6, n_numeric, generator=generator)
    columns = [torch.randint(c, (6,), generator=generator) for c in cardinalities]
    expected, start = [numeric], 0
    for cardinality, dim, column in zip(cardinalities, embedding_dims(shape, "auto"), columns, strict=True):
        table = encoder.weight_W[start : start + cardinality * dim].view(cardinality, dim)
        expected.append(table[column])
        start += cardinality * dim
    inputs = {"numeric": numeric, "categorical": torch.stack(columns, dim=1)}
    assert torch.equal(encoder(inputs), torch.cat(expected, dim=1))
    assert encoder.weight_W.numel() == start


def test_the_unknown_level_starts_at_zero_and_learns() -> None:
    encoder = TableEncoder(InputShape(0, (4, 3)))
    unknown = {"numeric": torch.empty(2, 0), "categorical": torch.zeros(2, 2, dtype=torch.int64)}
    assert not encoder(unknown).any()
    encoder(unknown).sum().backward()
    assert int((encoder.weight_W.grad != 0).sum()) == TableConfig().features(InputShape(0, (4, 3))).width


def test_known_levels_start_apart_within_bounds() -> None:
    torch.manual_seed(0)
    encoder = TableEncoder(InputShape(0, (100,)), embedding_dim=4)
    values = encoder.weight_W.detach().view(100, 4)[1:]
    assert values.abs().max() <= 0.5
    assert float(values.std()) == pytest.approx(0.5 / 3**0.5, rel=0.1)  # of a uniform distribution


def test_numbers_alone_pass_unchanged() -> None:
    encoder = TableEncoder(InputShape(3))
    numeric = torch.randn(4, 3)
    inputs = {"numeric": numeric, "categorical": torch.empty(4, 0, dtype=torch.int64)}
    assert encoder(inputs) is numeric
    assert list(encoder.parameters()) == []


EMBEDDED = InputShape(5, (3,), ((), (0.0, 1.0, 3.0), (), (-1.0, 0.0, 0.0), ()))  # the second and the fourth


@pytest.mark.parametrize("numeric", [PiecewiseLinear(width=4), Periodic(width=4)])
def test_numbers_without_quantiles_stay_in_front_as_they_are(numeric: Any) -> None:
    config = TableConfig(numeric=numeric, embedding_dim=2)
    assert config.chunks(EMBEDDED) == (1, 1, 1, 4, 4, 2)
    inputs = {"numeric": torch.randn(6, 5), "categorical": torch.zeros(6, 1, dtype=torch.int64)}
    encoder = config.build(EMBEDDED)
    features = encoder(inputs)
    assert torch.equal(features[:, :3], inputs["numeric"][:, [0, 2, 4]])
    changed = {**inputs, "numeric": inputs["numeric"] + torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0])}
    assert (encoder(changed) != features).any(0).tolist()[:7] == [False] * 7, "the fourth alone has changed"
    assert (encoder(changed) != features).any(0)[7:11].any()


@pytest.mark.parametrize("numeric", [PiecewiseLinear(), Periodic()])
def test_a_table_without_numbers_to_embed_has_no_embedding(numeric: Any) -> None:
    for shape in (InputShape(3), InputShape(0, (4,))):
        config = TableConfig(numeric=numeric)
        assert config.features(shape) == TableConfig().features(shape)
        names = {name for name, _ in config.build(shape).named_parameters()}
        assert names == {name for name, _ in TableConfig().build(shape).named_parameters()}


@pytest.mark.parametrize("numeric", ["ple", "plr"])
def test_embeddings_work_in_mixed_precision_and_count_as_cost(numeric: str) -> None:
    config = TableConfig.model_validate({"numeric": numeric})
    module, inputs = config.build(TOY_SHAPE), toy_rows(["age"], 9).inputs
    with torch.autocast("cpu", torch.bfloat16):
        rough = module(inputs)
    torch.testing.assert_close(rough.float(), module(inputs), rtol=0.02, atol=0.02)
    costs = [toy_cost(["age"], "age", MlpConfig(stages=1, width=1), encoder) for encoder in (TABLE, config)]
    more = sum(p.numel() for p in module.parameters()) - TableEncoder(TOY_SHAPE).weight_W.numel()
    wider = config.features(TOY_SHAPE).width - TABLE.features(TOY_SHAPE).width
    assert costs[1].n_params - costs[0].n_params == more + wider
    assert costs[1].flops > costs[0].flops + 2 * wider


def test_a_copy_on_another_device_reads_the_same_places() -> None:
    encoder = TableEncoder(InputShape(2, (3, 4))).to("meta")
    inputs = {
        "numeric": torch.empty(5, 2, device="meta"),
        "categorical": torch.empty(5, 2, dtype=torch.int64, device="meta"),
    }
    assert encoder(inputs).shape == (5, TableConfig().features(InputShape(2, (3, 4))).width)
