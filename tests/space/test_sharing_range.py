import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.design import Branching, close_cuts, count_branchings
from mtl_search.errors import Mismatch
from mtl_search.space.parameter import Categorical, IntRange, Parameter
from mtl_search.space.sharing_range import Choice, Literal, Shared, Split, Tree
from mtl_search.space.suggest import FixedSuggest, RandomSuggest
from tests.fixtures.branchings import enumerate_branchings
from tests.space.conftest import Recorder

ABC = ("a", "b", "c")
TREE = Branching.parse("a b c d / a | b c d / a | b c | d")
RANGES = [
    Shared(),
    Split(2),
    Split(IntRange(1, 4)),
    Split(Categorical((1, 4))),
    Tree(),
    Choice({"shared": Shared(), str(TREE): Literal(TREE)}),
    Literal(TREE),
]
MEMBERS = st.sets(st.sampled_from("abcd"), min_size=2).map(sorted).map(tuple)


@settings(deadline=None)
@given(st.sampled_from(RANGES), MEMBERS, st.integers(0, 999))
def test_samples_are_branchings_of_the_members_and_the_stages(
    span: Any, members: tuple[str, ...], seed: int
) -> None:
    branching = span.sample(RandomSuggest(random.Random(seed)), members, 3, 4)
    assert branching.members == members
    assert branching.n_stages == 3


@settings(deadline=None)
@given(span=st.sampled_from(RANGES), members=MEMBERS, n_stages=st.integers(1, 4), seed=st.integers(0, 999))
def test_what_is_asked_for_depends_neither_on_other_members_nor_on_the_stages(
    span: Any, members: tuple[str, ...], n_stages: int, seed: int, recorder: type[Recorder]
) -> None:
    asked = recorder(RandomSuggest(random.Random(seed)))
    if not isinstance(span, Literal | Choice):
        span.sample(asked, members, n_stages, 4)
    else:
        span.sample(asked, members, 3, 4)
    parameters = list(span.parameters(members, 4))
    assert list(asked.asked) == [p.name for p in parameters]
    assert set(parameters) <= set(span.parameters(("a", "b", "c", "d"), 4))


def test_a_split_behind_the_last_stage_of_a_trial_is_at_its_end() -> None:
    split = Split(IntRange(1, 4))
    assert split.sample(FixedSuggest({"sharing.split": 4}), ABC, 2, 4) == Branching.shared(ABC, 2)
    assert split.sample(FixedSuggest({"sharing.split": 1}), ABC, 2, 4) == Branching.split(ABC, 2, 1)
    assert Split(2).sample(FixedSuggest({}), ABC, 3, 3) == Branching.split(ABC, 3, 2)
    assert list(Split(2).parameters(ABC, 3)) == []
    assert list(split.parameters(ABC, 4)) == [Parameter("sharing.split", IntRange(1, 4))]


@pytest.mark.parametrize("n_stages", [1, 2, 3])
@pytest.mark.parametrize("max_stages", [3, 4])
def test_every_tree_can_be_sampled(n_stages: int, max_stages: int) -> None:
    for tree in enumerate_branchings(("a", "b", "c", "d"), n_stages):
        cuts = {f"sharing.cut.{a}+{b}": tree.cut(a, b) for a, b in combinations(tree.members, 2)}
        assert Tree().sample(FixedSuggest(cuts), tree.members, n_stages, max_stages) == tree


@settings(deadline=None)
@given(MEMBERS, st.integers(0, 999))
def test_a_tree_is_the_closure_of_its_cuts(members: tuple[str, ...], seed: int) -> None:
    suggest = RandomSuggest(random.Random(seed))
    cuts = {pair: suggest.suggest_int("x", 1, 3) for pair in combinations(members, 2)}
    named = {f"sharing.cut.{a}+{b}": cut for (a, b), cut in cuts.items()}
    assert Tree().sample(FixedSuggest(named), members, 3, 3) == close_cuts(cuts, members, 3)


def test_a_trunk_of_one_stage_has_no_cuts_to_choose() -> None:
    assert list(Tree().parameters(ABC, 1)) == []
    assert Tree().sample(FixedSuggest({}), ABC, 1, 1) == Branching.shared(ABC, 1)


def test_a_study_of_trees_begins_with_the_plain_ones() -> None:
    tasks = ("a", "b", "c")
    starts = list(Tree().starts(tasks, 3))
    sampled = [Tree().sample(FixedSuggest(start), tasks, 3, 3) for start in starts]
    assert sampled == [Branching.split(tasks, 3, at) for at in (3, 2, 1)]
    assert list(Tree().starts(tasks, 1)) == []


@settings(deadline=None)
@given(MEMBERS)
def test_a_literal_keeps_its_cuts_for_fewer_members(members: tuple[str, ...]) -> None:
    part = Literal(TREE).sample(FixedSuggest({}), members, 3, 3)
    for a, b in combinations(members, 2):
        assert part.cut(a, b) == TREE.cut(a, b)


def test_a_choice_is_a_parameter_of_texts() -> None:
    choice = Choice({"shared": Shared(), str(TREE): Literal(TREE)})
    assert list(choice.parameters(ABC, 3)) == [Parameter("sharing", Categorical(("shared", str(TREE))))]
    picked = choice.sample(FixedSuggest({"sharing": str(TREE)}), ABC, 3, 3)
    assert str(picked) == "a b c / a | b c / a | b c"


STAGES_3 = frozenset({3})
OUTSIDE = "expected a split point from 1 to 3 (the number of stages), found"


@pytest.mark.parametrize(
    ("span", "stages", "message"),
    [
        (Split(4), STAGES_3, f"{OUTSIDE} 4"),
        (Split(0), STAGES_3, f"{OUTSIDE} 0"),
        (Split(4), frozenset({1, 3}), f"{OUTSIDE} 4"),
        (Split(IntRange(1, 4)), STAGES_3, f"{OUTSIDE} 4"),
        (Split(IntRange(0, 2)), STAGES_3, f"{OUTSIDE} 0"),
        (Split(Categorical((1, 9))), STAGES_3, f"{OUTSIDE} 9"),
        (Split(Categorical((1, "2"))), STAGES_3, f"{OUTSIDE} '2'"),
        (Split(Categorical((True, 2))), STAGES_3, f"{OUTSIDE} true"),
        (
            Literal(Branching.parse("a b / a | b")),
            frozenset({2}),
            "expected a branching of all tasks that can be members, found one without c, d",
        ),
        (
            Literal(TREE),
            frozenset({2, 3}),
            f"expected a branching of 2 or 3 stages (the number of stages of the trunk), found '{TREE}' of 3",
        ),
        (
            Choice({"shared": Shared(), str(TREE): Literal(TREE)}),
            frozenset({1}),
            f"expected a branching of 1 stages (the number of stages of the trunk), found '{TREE}' of 3",
        ),
    ],
)
def test_branchings_that_do_not_fit(span: Any, stages: frozenset[int], message: str) -> None:
    with pytest.raises(Mismatch) as caught:
        span.check(("a", "b", "c", "d"), stages)
    assert str(caught.value) == message


@pytest.mark.parametrize("span", [Shared(), Split(3), Split(IntRange(1, 3)), Tree(), Literal(TREE)])
def test_branchings_that_fit(span: Any) -> None:
    span.check(("a", "b", "c", "d"), STAGES_3)
    span.check(("b", "c"), STAGES_3)


def distinct(span: Any, members: tuple[str, ...], n_stages: int) -> set[Branching]:
    answers = [
        {f"sharing.cut.{a}+{b}": tree.cut(a, b) for a, b in combinations(members, 2)}
        for tree in enumerate_branchings(members, n_stages)
    ]
    answers += [{"sharing.split": at} for at in (1, 2, 3)]
    samples = set()
    for answer in answers:
        try:
            samples.add(span.sample(FixedSuggest(answer), members, n_stages, n_stages))
        except ValueError:  # outside of this range
            continue
    return samples


@pytest.mark.parametrize("members", [("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")])
@pytest.mark.parametrize(
    "span", [Shared(), Split(2), Split(IntRange(2, 3)), Split(Categorical((1, 3))), Tree(), Literal(TREE)]
)
def test_branchings_are_counted(span: Any, members: tuple[str, ...]) -> None:
    assert span.count(len(members), 3) == len(distinct(span, members, 3))
    assert span.count(1, 3) == 1


def test_a_choice_counts_its_texts() -> None:
    assert Choice({"shared": Shared(), str(TREE): Literal(TREE)}).count(4, 3) == 2
    assert Choice({"shared": Shared(), str(TREE): Literal(TREE)}).count(1, 3) == 1
    assert Tree().count(6, 2) == count_branchings(6, 2) == 203
