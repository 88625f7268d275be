from dataclasses import dataclass
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.space.document import Document
from mtl_search.space.reading import Reader
from mtl_search.space.stages import possible_stages, stages_of


@dataclass(frozen=True)
class OwnTrunk:
    stages: int


def possible(trunk: Any) -> frozenset[int] | None:
    document = Document.from_value({"trunk": trunk})
    return possible_stages(Reader(document).read(document.get(("trunk",)), ("trunk",)), ("trunk",), document)


@pytest.mark.parametrize(
    ("trunk", "stages"),
    [
        ({"name": "mlp", "stages": 3}, {3}),
        ({"stages": {"int": [2, 4]}}, {2, 3, 4}),
        ({"stages": {"int": [2, 8], "step": 3}}, {2, 5, 8}),
        ({"stages": {"categorical": [1, 4]}}, {1, 4}),
        ({"one_of": [{"name": "a", "stages": 2}, {"name": "b", "stages": {"int": [4, 5]}}]}, {2, 4, 5}),
        (OwnTrunk(5), {5}),
    ],
)
def test_all_numbers_of_stages_are_known(trunk: Any, stages: set[int]) -> None:
    assert possible(trunk) == stages


WHOLE = "expected a whole number of stages, from 0 to 1000, found"


@pytest.mark.parametrize(
    ("trunk", "message"),
    [
        ("mlp", "trunk: expected a mapping with name and stages, found 'mlp'"),
        (None, "trunk: expected a mapping with name and stages, found nothing"),
        (
            {"categorical": ["mlp", "resnet"]},
            "trunk: expected a mapping with name and stages, found {categorical: ['mlp', 'resnet']}",
        ),
        (
            {"name": "mlp"},
            "trunk.stages: expected the number of stages, found nothing; branchings are cut at them",
        ),
        (
            {"name": "mlp", "stage": 3},
            "trunk.stages: expected the number of stages, found nothing; did you mean it by 'stage'?",
        ),
        (
            {"one_of": [{"name": "a", "stages": 2}, {"name": "b"}]},
            "trunk.one_of[1].stages: expected the number of stages,"
            " found nothing; branchings are cut at them",
        ),
        ({"stages": -1}, f"trunk.stages: {WHOLE} -1"),
        ({"stages": "3"}, f"trunk.stages: {WHOLE} '3'"),
        ({"stages": True}, f"trunk.stages: {WHOLE} true"),
        ({"stages": 2.5}, f"trunk.stages: {WHOLE} 2.5"),
        ({"stages": [1, 2]}, f"trunk.stages: {WHOLE} [1, 2]"),
        ({"stages": {"float": [1, 2]}}, f"trunk.stages: {WHOLE} {{float: [1, 2]}}"),
        ({"stages": {"int": [-1, 2]}}, f"trunk.stages: {WHOLE} {{int: [-1, 2]}}"),
        ({"stages": {"categorical": [2, "x"]}}, f"trunk.stages: {WHOLE} {{categorical: [2, 'x']}}"),
        ({"stages": {"categorical": [True, 2]}}, f"trunk.stages: {WHOLE} {{categorical: [true, 2]}}"),
    ],
)
def test_trunks_that_do_not_say(trunk: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        possible(trunk)
    assert str(caught.value) == f"<sweep>: {message}"


def test_the_stages_of_a_sample() -> None:
    assert stages_of({"name": "mlp", "stages": 3}) == 3
    assert stages_of(OwnTrunk(4)) == 4
