import random
from collections import Counter
from collections.abc import Callable
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.errors import Mismatch, SpecError
from mtl_search.space.document import Document
from mtl_search.space.members import MembersRange, read_members
from mtl_search.space.parameter import Categorical
from mtl_search.space.suggest import FixedSuggest, RandomSuggest

TASKS = ("age", "cost", "death", "dnr")


def read(value: Any, tasks: tuple[str, ...] = TASKS) -> MembersRange | None:
    document = Document.from_value({"members": value})
    return read_members(document.get(("members",)), ("members",), document, tasks)


@pytest.mark.parametrize(
    ("value", "tasks", "low", "high"),
    [
        ("all", TASKS, 4, 4),
        (["dnr", "age"], ("age", "dnr"), 2, 2),
        (["age"], ("age",), 1, 1),
        ({"subset": {}}, TASKS, 1, 4),
        ({"subset": {"min": 2}}, TASKS, 2, 4),
        ({"subset": {"max": 2}}, TASKS, 1, 2),
        ({"subset": {"min": 3, "max": 3}}, TASKS, 3, 3),
        ({"subset": {"min": 4}}, TASKS, 4, 4),
    ],
)
def test_the_forms_of_members(value: Any, tasks: tuple[str, ...], low: int, high: int) -> None:
    assert read(value) == MembersRange(tasks, low, high)


FORMS = "expected all, a list of tasks or {subset: {min, max}}"
SIZES = "<sweep>: members: expected 1 <= min <= max <= 4 (the number of tasks), found"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("age", f"<sweep>: members: {FORMS}, found 'age'"),
        (None, f"<sweep>: members: {FORMS}, found nothing"),
        (3, f"<sweep>: members: {FORMS}, found 3"),
        ({"subsets": {}}, f"<sweep>: members: {FORMS}, found {{subsets: {{}}}}"),
        ({"float": [0, 1]}, f"<sweep>: members: {FORMS}, found {{float: [0, 1]}}"),
        ([], "<sweep>: members: expected at least one task, found none"),
        (["age", "costs"], "<sweep>: members[1]: expected a task, found 'costs'; did you mean 'cost'?"),
        (["age", 3], "<sweep>: members[1]: expected a task, found 3; valid: age, cost, death, dnr"),
        (["age", "cost", "age"], "<sweep>: members[2]: expected each task once, found 'age' more than once"),
        ({"subset": None}, "<sweep>: members: expected {subset: {min, max}}, found {subset: nothing}"),
        ({"subset": [1, 2]}, "<sweep>: members: expected {subset: {min, max}}, found {subset: [1, 2]}"),
        (
            {"subset": {"maximum": 2}},
            "<sweep>: members: expected 'min' and 'max' in subset, found 'maximum'; did you mean 'max'?",
        ),
        ({"subset": {"min": 1.5}}, "<sweep>: members: expected a whole number as min, found 1.5"),
        ({"subset": {"max": True}}, "<sweep>: members: expected a whole number as max, found true"),
        ({"subset": {"max": None}}, "<sweep>: members: expected a whole number as max, found nothing"),
        ({"subset": {}, "min": 1}, "<sweep>: members: expected no key besides 'subset', found 'min'"),
        ({"subset": {"max": 5}}, f"{SIZES} min 1 and max 5"),
        ({"subset": {"min": 0}}, f"{SIZES} min 0 and max 4"),
        ({"subset": {"min": 3, "max": 2}}, f"{SIZES} min 3 and max 2"),
    ],
)
def test_members_that_are_refused(value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(value)
    assert str(caught.value) == message


@st.composite
def ranges(draw: Callable[..., Any]) -> MembersRange:
    tasks = tuple(f"t{number}" for number in range(draw(st.integers(1, 6))))
    low = draw(st.integers(1, len(tasks)))
    return MembersRange(tasks, low, draw(st.integers(low, len(tasks))))


def all_sets(members: MembersRange) -> Any:
    sizes = range(members.min, members.max + 1)
    return list(chain.from_iterable(combinations(members.tasks, size) for size in sizes))


@given(ranges())
def test_every_set_can_be_fixed_and_there_are_as_many_as_counted(members: MembersRange) -> None:
    for wanted in all_sets(members):
        assert members.suggest(FixedSuggest(members.fix(wanted))) == wanted
    assert members.count == len(all_sets(members))


@given(ranges(), st.integers(0, 999))
def test_any_answers_give_a_set_of_the_right_size(members: MembersRange, seed: int) -> None:
    drawn = members.suggest(RandomSuggest(random.Random(seed)))
    assert drawn in all_sets(members)
    assert drawn == members.suggest(RandomSuggest(random.Random(seed)))


@given(ranges(), st.sets(st.sampled_from(["t0", "t1", "t2", "t3", "x"]), max_size=5))
def test_other_sets_cannot_be_fixed(members: MembersRange, wanted: set[str]) -> None:
    if tuple(sorted(wanted)) not in all_sets(members):
        with pytest.raises(ValueError, match="members: expected"):
            members.fix(wanted)


def test_repair_keeps_what_was_drawn_and_only_adds_or_drops() -> None:
    members = MembersRange(TASKS, 2, 3)
    all_in = {f"members.{task}": True for task in TASKS}
    one_in = {f"members.{task}": task == "dnr" for task in TASKS}
    assert len(members.suggest(FixedSuggest(all_in))) == 3
    repaired = members.suggest(FixedSuggest(one_in))
    assert "dnr" in repaired
    assert len(repaired) == 2


def test_repair_favours_no_task() -> None:
    tasks = tuple(f"task_{number}" for number in range(10))
    suggest = RandomSuggest(random.Random(0))
    uses = Counter(chain.from_iterable(MembersRange(tasks, 2, 2).suggest(suggest) for _ in range(5000)))
    for task in tasks:
        assert uses[task] == pytest.approx(1000, rel=0.2)


def test_one_boolean_per_task_unless_there_is_one_set_only() -> None:
    parameters = list(MembersRange(TASKS, 1, 4).parameters())
    assert [p.name for p in parameters] == ["members.age", "members.cost", "members.death", "members.dnr"]
    assert {p.range for p in parameters} == {Categorical((False, True))}
    fixed = MembersRange(TASKS, 4, 4)
    assert fixed.is_fixed
    assert list(fixed.parameters()) == []
    assert fixed.fix(TASKS) == {}


def test_tasks_are_sorted_and_sizes_checked() -> None:
    assert MembersRange(("dnr", "age"), 1, 2).tasks == ("age", "dnr")
    with pytest.raises(Mismatch):
        MembersRange((), 0, 0)


def test_members_in_words() -> None:
    assert str(MembersRange(("a", "b"), 1, 2)) == "1 to 2 of a, b"
    assert str(MembersRange(("a", "b"), 2, 2)) == "a, b"
