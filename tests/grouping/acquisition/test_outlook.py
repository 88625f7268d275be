"""What is believed before a set is proposed: the design to beat, what tuning may bring it, fantasies."""

import itertools

import numpy as np
import pytest

from mtl_search.grouping.acquisition.outlook import TUNED, Outlook
from mtl_search.grouping.acquisition.sizes import Sizes
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.strategy import Measurement
from mtl_search.grouping.surrogate.effects import Effects
from mtl_search.grouping.surrogate.evidence import SetEvidence

SPACE = MemberSpace(tuple("abc"), ("x",))
PAIR, SINGLES = Measurement(("a", "b"), {"a": 4.0, "b": 3.0}), [Measurement((t,), {t: 0.0}) for t in "abc"]
TWICE = [Measurement(("b", "c"), {"b": loss, "c": loss}) for loss in (-4.0, -5.0)]


def outlook(*measured: Measurement, running: frozenset[Members] = frozenset(), k: int = 3) -> Outlook:
    return Outlook(SPACE, k, SetEvidence.gather(measured, SPACE.tasks), running, (Effects.of(),))


def test_the_design_is_of_what_was_measured() -> None:
    assert outlook(*SINGLES, PAIR).design == [("c",), ("a", "b")]


def test_a_set_in_training_stands_with_what_is_expected_of_it() -> None:
    before = outlook(*SINGLES, PAIR)
    after = outlook(*SINGLES, PAIR, running=frozenset({("a", "c")}))
    mean_T = before.posterior.predict(np.array([[1.0, 0, 1, 0]]))[0][0]
    assert list(after.standing) == [*before.standing, ("a", "c")]
    np.testing.assert_allclose(after.believed_MT[-1], mean_T[:3], atol=0.05)  # scales move a little
    np.testing.assert_allclose(after.believed_MT[:-1], before.believed_MT, atol=0.05)


def test_only_main_tasks_count() -> None:
    helped = Measurement(("a", "x"), {"a": 4.0})
    beliefs = outlook(*SINGLES, helped)
    assert beliefs.believed_MT.shape == (4, 3)
    assert ("a", "x") in beliefs.design


def test_what_promises_most_is_new_and_near_what_did_well() -> None:
    bad = Measurement(("b", "c"), {"b": -4.0, "c": -5.0})
    promise = outlook(*SINGLES, PAIR, bad).promise([("a", "b", "x"), ("b", "c", "x")])
    assert promise[0] > 2 * promise[1] > 0


def test_a_network_of_the_design_promises_the_less_the_more_often_it_was_tuned() -> None:
    again = [Measurement(("a", "b"), {"a": 4.0 + i / 100, "b": 3.0}) for i in range(5)]
    before = [outlook(*SINGLES, *TWICE, *again[: n + 1]).tuning["a", "b"] for n in range(5)]
    assert all(less < more for more, less in itertools.pairwise(before))
    noise_T = outlook(*SINGLES, *TWICE, PAIR).posterior.noise_T
    largest_of_two = 0.56  # of standard normal variables: 1 / sqrt(pi)
    promised = TUNED * largest_of_two * noise_T[:2].sum() / 3
    assert outlook(*SINGLES, *TWICE, PAIR).tuning["a", "b"] == pytest.approx(promised, rel=0.1)


def test_what_is_not_in_the_design_has_nothing_to_tune() -> None:
    assert outlook(*SINGLES, *TWICE, PAIR).tuning.keys() == {("a", "b"), ("c",)}


def test_tuning_promises_nothing_while_nobody_knows_how_trainings_differ() -> None:
    assert outlook(*SINGLES, PAIR, TWICE[0]).tuning == {}


def test_a_single_task_that_was_not_measured_gains_nothing() -> None:
    alone = np.eye(4)[:1]
    mean, deviation = outlook(PAIR).posterior.predict(alone)
    unsure = outlook(PAIR).posterior.predict(np.array([[1.0, 0, 1, 0]]))[1]
    assert abs(mean[0, 0]) < 1.5
    assert deviation[0, 0] < unsure[0, 0]


def test_no_network_of_a_design_within_its_size_is_tuned() -> None:
    sizes = Sizes({("b", "c"): (100.0, 100.0)})
    evidence = SetEvidence.gather(TWICE, SPACE.tasks)
    beliefs = Outlook(SPACE, 3, evidence, frozenset(), (Effects.of(),), max_params=7, sizes=sizes)
    assert (beliefs.design, beliefs.tuning) == ([], {})


def test_gains_count_as_much_as_their_tasks() -> None:
    pairs = [Measurement(("a", "b"), {"a": 4.0, "b": 1.0}), Measurement(("a", "c"), {"a": 1.0, "c": 2.0})]
    evidence = SetEvidence.gather(pairs, ("a", "b", "c"))
    space = MemberSpace(("a", "b", "c"))
    plain = Outlook(space, 2, evidence, frozenset(), (Effects.of(),))
    weight_T = np.array([0.3, 0.3, 2.4])
    counted = Outlook(space, 2, evidence, frozenset(), (Effects.of(),), weight_T=weight_T)
    np.testing.assert_allclose(counted.believed_MT, plain.believed_MT * weight_T)
    first, other = counted.promise([("c",), ("b",)]) / plain.promise([("c",), ("b",)])
    assert first > other, "what helps c is worth more"
