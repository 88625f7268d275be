"""The built-in ways of soft sharing: their contract on each kind of features, and what they share."""

import pytest

from mtl_search.model import (
    CgcConfig,
    CrossStitchConfig,
    Encoder,
    MlpConfig,
    MmoeConfig,
    PleConfig,
    SoftSharing,
    TableConfig,
    Trunk,
)
from mtl_search.testing.sharing_suite import SharingSuite
from tests.fixtures.parts import Convolutions, Grid, Stepwise, Tokens

KINDS: dict[str, SoftSharing] = {
    "mmoe": MmoeConfig(experts=2, start=1),
    "cgc": CgcConfig(shared_experts=1, task_experts=2, dropout=0.3),
    "ple": PleConfig(shared_experts=2, temperature=0.5),
    "cross_stitch": CrossStitchConfig(start=1, own=0.8),
}
FEATURES: dict[str, tuple[Encoder, Trunk]] = {
    "vector": (TableConfig(), MlpConfig(stages=3, width=6, activation="silu")),
    "sequence": (Tokens(), Stepwise(stages=3, width=5)),
    "map": (Grid(), Convolutions(stages=3, channels=4)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("features", FEATURES)
class TestSoftSharing(SharingSuite):
    @pytest.fixture(autouse=True)
    def _choose(self, kind: str, features: str) -> None:
        self.kind, self.features = KINDS[kind], FEATURES[features]

    def sharing(self, members: tuple[str, ...]) -> SoftSharing:
        return self.kind

    def encoder(self) -> Encoder:
        return self.features[0]

    def trunk(self) -> Trunk:
        return self.features[1]
