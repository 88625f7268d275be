import pytest

from mtl_search.design import Branching
from mtl_search.model import HardSharing, MlpConfig
from mtl_search.testing.sharing_suite import MEMBERS, SharingSuite

TREES = [
    "age cost death / age cost death / age cost death",
    "age cost death / age | cost death / age | cost | death",
]


class TestHardSharing(SharingSuite):
    @pytest.fixture(params=TREES, autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.tree = Branching.parse(request.param)

    def sharing(self, members: tuple[str, ...]) -> HardSharing:
        return HardSharing(branching=self.tree.restrict(members))


def test_its_text_is_canonical() -> None:
    text = "death cost age / cost death | age"
    assert str(HardSharing.model_validate(text)) == "age cost death / age | cost death"


@pytest.mark.parametrize(
    ("members", "stages", "message"),
    [
        (("age", "cost"), 3, "a branching of the members"),
        (MEMBERS, 2, "a branching of 2 stages, as the trunk has, found 3"),
    ],
)
def test_what_does_not_fit_is_refused(members: tuple[str, ...], stages: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HardSharing.model_validate(TREES[0]).check(members, MlpConfig(stages=stages).depth)
