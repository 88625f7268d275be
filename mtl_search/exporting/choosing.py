"""Which design of a sweep is exported, and on which seeds its networks are trained."""

from collections.abc import Sequence

from mtl_search.analysis.chosen import find_design
from mtl_search.errors import LeaderboardError, nearest
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord, Phase, TrialState
from mtl_search.seeds import derive_seed
from mtl_search.sweep.settings import Settings

__all__ = ["choose_design", "choose_seeds"]

FEW = 3  # seeds of a design that was not confirmed, by a sweep that confirms nothing


def choose_design(
    board: Leaderboard, *, design: str | None = None, arm: str | None = None, networks: int | None = None
) -> DesignRecord:
    """The recommended design; or that of an id; or the best of an arm, of ``networks`` networks if given."""
    designs = board.design_records()
    if not designs:
        hint = f"mtl-search resume {board.path} goes on until there is one"
        raise LeaderboardError(str(board.path), "a sweep with a design", "none yet", hint)
    if design is not None:
        return find_design(designs, design)
    if arm is None:
        chosen = next((one for one in designs if one.chosen), None)
        if chosen is None:
            hint = "--design ID or --arm ARM takes one all the same; mtl-search top shows them"
            raise LeaderboardError(str(board.path), "a recommended design", "none yet", hint)
        return chosen
    of_arm = [one for one in designs if arm in one.arms]
    if not of_arm:
        arms = dict.fromkeys(name for one in designs for name in one.arms)
        raise LeaderboardError("--arm", "an arm that has a design", repr(arm), nearest(arm, arms))
    fitting = [one for one in of_arm if networks in (None, one.n_networks)]
    if not fitting:
        sizes = ", ".join(map(str, sorted({one.n_networks for one in of_arm})))
        raise LeaderboardError(
            "--networks", f"as many as a design of {arm} has", f"{networks}; it has {sizes}"
        )
    return fitting[0]


def choose_seeds(
    board: Leaderboard, design: DesignRecord, settings: Settings, count: int | None
) -> Sequence[int]:
    """The seeds on which all networks of a design were confirmed, in their order; ``count`` of them.

    Where it was not confirmed, those that it would have been confirmed on.
    """
    wanted = settings.budget.seeds or FEW
    seeds = [derive_seed(settings.sampler.seed, Phase.CONFIRMATION.value, at) for at in range(wanted)]
    trained = {
        (record.config_id, record.seed)
        for record in board.records()
        if record.phase is Phase.CONFIRMATION and record.state is TrialState.COMPLETE
    }
    confirmed = [
        seed for seed in seeds if all((config, seed) in trained for config in set(design.configs.values()))
    ]
    found = confirmed or seeds
    if count is not None and count > len(found):
        raise LeaderboardError("--seeds", f"at most {len(found)}, as many as it is trained on", str(count))
    return found[:count]
