"""One process at a time: who is there, who is gone, who comes between."""

import threading
import time
from contextlib import ExitStack, suppress

import pytest

from mtl_search.errors import LeaderboardError, StoreError
from mtl_search.stores import claim
from mtl_search.stores.claim import Claim, at_work
from mtl_search.stores.store import Store


@pytest.fixture
def store(memory: str) -> Store:
    return Store.at(memory).below("sweep")


def seen(store: Store) -> bool:
    return at_work(store, store.entries())


def test_it_is_seen_and_given_up(anywhere: str) -> None:
    store = Store.at(anywhere)
    with Claim(store).held():
        assert seen(store)
        with pytest.raises(LeaderboardError, match=r"nobody is running, found process \d+ on \S+ at work"):
            Claim(store).held().__enter__()
        assert len(store.entries()) == 1, "who gave way leaves nothing"
    assert not seen(store)
    assert store.entries() == {}


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is killed is soon taken for ended."""
    monkeypatch.setattr(claim, "LEASE", 0.4)


@pytest.mark.usefixtures("_short")
def test_who_was_killed_is_waited_for_and_then_taken_for_ended(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    Claim(store)._renew()
    began = time.monotonic()
    with Claim(store).held():
        assert time.monotonic() - began >= claim.LEASE
        assert len(store.entries()) == 1
    assert "was at work; unless it shows within 0.4 s" in caplog.text


@pytest.mark.usefixtures("_short")
def test_who_waits_is_not_disturbed_by_who_comes_later(store: Store) -> None:
    Claim(store)._renew()  # of one that was killed
    got: list[str] = []

    def wait() -> None:
        with Claim(store).held():
            got.append("first")

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(claim.LEASE / 2)
    with pytest.raises(LeaderboardError, match="at work"):
        Claim(store).held().__enter__()
    thread.join()
    assert got == ["first"]


@pytest.mark.usefixtures("_short")
def test_of_many_at_a_time_there_is_never_more_than_one(store: Store) -> None:
    Claim(store)._renew()  # of one that was killed
    inside, most, together = [0], [0], threading.Barrier(4)

    def work() -> None:
        together.wait()
        with suppress(LeaderboardError), Claim(store).held():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.1)
            inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] <= 1
    with Claim(store).held():
        pass


@pytest.mark.usefixtures("_short")
def test_who_could_not_renew_it_finds_out_whether_it_was_taken_over(
    store: Store,
) -> None:
    slept = Claim(store)
    slept._renew()
    time.sleep(claim.LEASE / 2)
    slept.check()  # late, and nobody came
    time.sleep(claim.LEASE / 2)
    with Claim(store).held():
        slept._go_on()  # by its thread, which wakes up first
        with pytest.raises(LeaderboardError, match="another process has taken over"):
            slept.check()
        assert len(store.entries()) == 1


@pytest.mark.usefixtures("_short")
def test_what_is_no_claim_of_ours_is_one_all_the_same(store: Store) -> None:
    store.write(".claims/x", b"[]")
    assert not seen(store)
    with Claim(store).held():
        assert len(store.entries()) == 1


def test_the_network_may_be_gone_when_it_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(store: Store, name: str) -> None:
        raise StoreError(store.place, "an answer", "none")

    with ExitStack() as stack:
        stack.enter_context(Claim(store).held())
        monkeypatch.setattr(Store, "delete", broken)
