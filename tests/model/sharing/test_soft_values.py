"""Soft sharing against cases worked by hand, and against what it must equal."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.design import Branching
from mtl_search.errors import Mismatch
from mtl_search.features import Features, FeatureSpec, Steps, VectorSpec, example
from mtl_search.model import (
    Body,
    CgcConfig,
    CrossStitchConfig,
    HardSharing,
    MlpConfig,
    MmoeConfig,
    PleConfig,
    SoftSharing,
    Trunk,
)
from mtl_search.model.sharing.gating import Gating
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_cost, toy_network, toy_rows
from tests.fixtures.parts import Convolutions, Grid, Stepwise, Tokens

AB = ("age", "cost")
X = torch.tensor([[1.0, 2.0]])
LOG3 = math.log(3.0)


class Scale(Trunk):
    """A stage multiplies by a number."""

    stages: int = 1

    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        return spec

    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        return _Factor()


class _Factor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, features: Tensor) -> Tensor:
        return features * self.factor


def scaled(sharing: SoftSharing, factors: Sequence[float], stages: int = 1) -> Body:
    """The body on `Scale`, with these factors in the order of its modules, and gates that are undecided."""
    body = sharing.build(Scale(stages=stages), VectorSpec(2), AB)
    made = [module for module in body.modules() if isinstance(module, _Factor)]
    with torch.no_grad():
        for module, factor in zip(made, factors, strict=True):
            module.factor.fill_(factor)
        for linear in linears(body):
            linear.weight.zero_()
            linear.bias.zero_()
    return body


def linears(body: Body) -> list[nn.Linear]:
    return [module for module in body.modules() if isinstance(module, nn.Linear)]


def factors_of(body: Body) -> dict[str, float]:
    """What each member's features are of the inputs."""
    made = {name: features.detach() / X for name, features in body(X).items()}
    assert all(torch.allclose(one, one[0, 0]) for one in made.values())
    return {name: float(one[0, 0]) for name, one in made.items()}


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, 0.25 + 0.75 * 3), (0.5, 0.1 + 0.9 * 3)])
def test_a_gate_of_two_experts(temperature: float, expected: float) -> None:
    body = scaled(MmoeConfig(experts=2, temperature=temperature), [1.0, 3.0])
    with torch.no_grad():
        linears(body)[0].bias[1] = LOG3
        linears(body)[1].weight[0, 1] = LOG3 / 2  # of the second number, which is 2
    assert factors_of(body) == {
        "age": pytest.approx(expected),
        "cost": pytest.approx(4 - expected),  # the same the other way round
    }
    age, cost = body.gates(X)
    assert (age.member, age.level, age.experts) == ("age", 0, ("shared 1", "shared 2"))
    torch.testing.assert_close(age.weights_BE.flip(1), cost.weights_BE)


def test_a_layer_of_cgc() -> None:
    body = scaled(CgcConfig(), [2.0, 10.0, 20.0])
    with torch.no_grad():
        linears(body)[0].bias[1] = LOG3
    assert factors_of(body) == pytest.approx({"age": 0.25 * 2 + 0.75 * 10, "cost": 0.5 * 2 + 0.5 * 20})
    assert [gate.experts for gate in body.gates(X)] == [("shared 1", "age 1"), ("shared 1", "cost 1")]


def test_two_levels_of_ple() -> None:
    body = scaled(PleConfig(), [2.0, 10.0, 20.0, 3.0, 1.0, 2.0], stages=2)
    shared, age, cost = (2 + 10 + 20) / 3, (2 + 10) / 2, (2 + 20) / 2
    assert factors_of(body) == pytest.approx(
        {"age": (3 * shared + age) / 2, "cost": (3 * shared + 2 * cost) / 2}
    )
    assert [(gate.level, gate.member) for gate in body.gates(X)] == [(n, name) for n in (0, 1) for name in AB]


def test_stages_before_the_start_are_shared() -> None:
    body = scaled(CgcConfig(start=1), [5.0, 2.0, 10.0, 20.0], stages=2)
    assert factors_of(body) == pytest.approx({"age": 5 * 6, "cost": 5 * 11})


def test_two_stitches() -> None:
    body = scaled(CrossStitchConfig(own=0.75), [2.0, 4.0, 1.0, 10.0], stages=2)
    age, cost = 0.75 * 2 + 0.25 * 4, 0.75 * 4 + 0.25 * 2
    assert factors_of(body) == pytest.approx(
        {"age": 0.75 * age + 0.25 * 10 * cost, "cost": 0.75 * 10 * cost + 0.25 * age}
    )
    assert [gate.weights_BE.tolist() for gate in body.gates(X)][:2] == [[[0.75, 0.25]], [[0.25, 0.75]]]


def _features(values: Tensor, spec: FeatureSpec) -> Features:
    """Of this form, all steps known."""
    made = example(spec, len(values), "cpu")
    return Steps(values, made.known_BL) if isinstance(made, Steps) else values


def test_a_gate_reads_the_mean_over_positions() -> None:
    torch.manual_seed(0)
    for encoder, trunk in ((Grid(), Convolutions()), (Tokens(), Stepwise())):
        spec = encoder.features(TOY_SHAPE)
        body = MmoeConfig().build(trunk, spec, AB)
        values = torch.randn(5, *spec.shape)
        means = values.mean(dim=spec.positions)
        again = means.reshape(5, *[-1 if n == means.shape[1] else 1 for n in values.shape[1:]])
        features, flat_ones = (_features(of, spec) for of in (values, again.expand_as(values)))
        for gate, flat in zip(body.gates(features), body.gates(flat_ones), strict=True):
            torch.testing.assert_close(gate.weights_BE, flat.weights_BE)


@pytest.mark.parametrize("start", [0, 1, 2])
def test_one_expert_is_hard_sharing(start: int) -> None:
    trunk, spec, made = MlpConfig(width=5), VectorSpec(4), []
    ways: list[Any] = [
        MmoeConfig(experts=1, start=start, dropout=0.5),
        HardSharing(branching=Branching.shared(AB, 3)),
    ]
    for sharing in ways:
        torch.manual_seed(0)
        body = sharing.build(trunk, spec, AB)
        features = torch.linspace(-1, 1, 12).reshape(3, 4).requires_grad_()
        outputs = body(features)
        (outputs["age"].sum() + 2 * outputs["cost"].sum()).backward()
        made.append((outputs["age"], outputs["cost"], features.grad))
    torch.testing.assert_close(*made, rtol=0, atol=0)


def test_the_identity_is_networks_of_their_own() -> None:
    trunk, spec = MlpConfig(width=5), VectorSpec(4)
    body = CrossStitchConfig(own=1.0).build(trunk, spec, AB)
    features = torch.randn(6, 4)
    for member, name in enumerate(AB):
        alone = HardSharing(branching=Branching.shared([name], 3)).build(trunk, spec, (name,))
        stages = [level.copies[member] for level in body.levels]
        for node, stage in zip(alone.nodes, stages, strict=True):  # type: ignore[arg-type]
            node.load_state_dict(stage.state_dict())
        # on some processors the last bit depends on where numbers lie
        torch.testing.assert_close(body(features)[name], alone(features)[name], rtol=1e-6, atol=1e-7)


def test_dropped_experts_leave_their_weight_to_the_others() -> None:
    gating = Gating(VectorSpec(2), 3, temperature=1.0, dropout=0.4)
    features = torch.randn(4000, 2)
    whole_BE = gating.eval()(features)
    gating.train().dropout.generator = torch.Generator().manual_seed(0)
    weights_BE = gating(features)
    kept_BE = weights_BE > 0
    expected_BE = whole_BE * kept_BE / (whole_BE * kept_BE).sum(dim=1, keepdim=True)
    torch.testing.assert_close(weights_BE, expected_BE)
    patterns = {tuple(row) for row in kept_BE.tolist()}
    assert len(patterns) == 7, "every set of experts but none"
    all_kept = kept_BE.all(dim=1).double().mean()
    assert float(all_kept) == pytest.approx(0.6**3 + 0.4**3, abs=0.03), "a row that would lose all keeps all"


def test_the_generator_of_a_trial_draws_what_is_dropped() -> None:
    network, rows = toy_network(AB, MmoeConfig(dropout=0.5), MlpConfig(stages=1, width=4)), toy_rows(AB)
    outputs = []
    for seed in (1, 1, 2):
        network.use_generator(torch.Generator().manual_seed(seed))
        outputs.append(network(rows.inputs)["age"])
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize(
    ("sharing", "copies", "params", "products"),
    [
        (MmoeConfig(experts=3, start=1), 3, 2 * (6 * 3 + 3), 2 * 6 * 3 + 2 * 3 * 6),
        (CgcConfig(start=1), 3, 2 * (6 * 2 + 2), 2 * 6 * 2 + 2 * 2 * 6),
        (PleConfig(start=1, task_experts=2), 5, 2 * (6 * 3 + 3), 2 * 6 * 3 + 2 * 3 * 6),
        (CrossStitchConfig(start=1), 2, 2 * 2, 2 * 2 * 6),
    ],
)
def test_copies_gates_and_mixtures_are_counted(
    sharing: SoftSharing, copies: int, params: int, products: int
) -> None:
    """Two stages of width 6 and two members: what the second stage costs beside a shared one."""
    trunk = MlpConfig(stages=2, width=6)
    hard, soft = toy_cost(AB, str(Branching.shared(AB, 2)), trunk), toy_cost(AB, sharing, trunk)
    assert sharing.copies(2, 2) == [1, copies]
    assert soft.n_params - hard.n_params == (copies - 1) * (6 * 6 + 6) + params
    assert soft.flops - hard.flops == 2 * ((copies - 1) * 6 * 6 + products)


@pytest.mark.parametrize(
    ("sharing", "text"),
    [
        (MmoeConfig(), "mmoe(experts=4)"),
        (MmoeConfig(experts=2, temperature=0.12345678, dropout=0.1, start=1),
         "mmoe(experts=2, temperature=0.1235, dropout=0.1, start=1)"),
        (PleConfig(), "ple(shared_experts=1, task_experts=1)"),
        (CrossStitchConfig(own=1.0, start=2), "cross_stitch(own=1, start=2)"),
    ],
)  # fmt: skip
def test_its_text_is_short_and_no_branching(sharing: SoftSharing, text: str) -> None:
    assert str(sharing) == text
    assert Branching.sketch(text, AB) == Branching.shared(AB, 1)


def test_its_drawing_says_who_sees_what() -> None:
    drawn = CgcConfig(shared_experts=2, start=1).draw(("age", "cost", "death"), served=["age", "cost"])
    assert drawn == (
        "shared up to stage 0, from stage 1 on:\n"
        "●─┬─ gate over 2 shared experts and 1 of its own ─── age\n"
        "  ├─ gate over 2 shared experts and 1 of its own ─── cost\n"
        "  └─ gate over 2 shared experts and 1 of its own ─── (death)"
    )


def test_a_start_behind_the_last_stage_is_refused() -> None:
    PleConfig(start=2).check(AB, 3)
    with pytest.raises(Mismatch, match=r"a start from 0 to 2 \(the last stage\), found 3"):
        PleConfig(start=3).check(AB, 3)


def test_without_a_stage_there_is_nothing_to_share() -> None:
    body = PleConfig().build(MlpConfig(stages=0), VectorSpec(2), AB)
    assert body.gates(X) == ()
    assert all(torch.equal(features, X) for features in body(X).values())
