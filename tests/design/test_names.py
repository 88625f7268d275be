import pytest

from mtl_search.design import Branching, check_task_name
from mtl_search.design.names import check_name

VALID = ["age", "log_cost", "NR-AR", "Sepal.Length", "2d", "_x", "größe", "年齢", "a" * 200]
INVALID = ["", " ", "log cost", "a|b", "a/b", "a+b", "a:b", "a;b", "a,b", "-a", ".a", "a\n", "a\tb", "a%"]


@pytest.mark.parametrize("name", VALID)
def test_a_valid_name_is_returned_and_survives_in_text(name: str) -> None:
    assert check_task_name(name) == name
    assert Branching.parse(f"{name} other / {name} | other").members == tuple(sorted([name, "other"]))


@pytest.mark.parametrize("name", [*INVALID, "(a)", "'a'", "a\u00a0b"])
def test_an_invalid_name_is_refused_with_the_rule_and_the_finding(name: str) -> None:
    with pytest.raises(ValueError, match=r"^task name: expected letters, digits, '_' and, not ") as error:
        check_task_name(name)
    assert str(error.value).endswith(f"found {name!r}")


def test_what_tasks_share_is_no_task() -> None:
    with pytest.raises(ValueError, match=r"^task name: expected another name .*found 'shared'"):
        check_task_name("shared")
    assert check_name("shared", "arm") == "shared"


def test_the_message_says_what_is_named() -> None:
    with pytest.raises(ValueError, match=r"^key of a network: expected letters"):
        check_name("a b", "key of a network")


@pytest.mark.parametrize("name", [None, 3, ("a",)])
def test_only_text_is_a_name(name: object) -> None:
    with pytest.raises(ValueError, match="task name: expected letters"):
        check_task_name(name)  # type: ignore[arg-type]
