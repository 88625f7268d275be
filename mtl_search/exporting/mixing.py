"""Mixing: the recommended design with boosted trees for the tasks that they were shown to be better for."""

from dataclasses import dataclass, replace

from mtl_search.analysis.significance import Verdict
from mtl_search.arm_names import TREES
from mtl_search.design import design_id
from mtl_search.errors import BundleError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord, SummaryRecord

__all__ = ["Mixed", "with_trees"]


@dataclass(frozen=True, slots=True)
class Mixed:
    """A design of networks and trees, what test said of it task by task, and which ``tasks`` trees serve."""

    design: DesignRecord
    tested: SummaryRecord
    tasks: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """For a card: how it came about."""
        names = ", ".join(f"`{task}`" for task in self.tasks)
        return (
            f"Boosted trees serve {names}, networks the rest: on test the trees were shown to be better than "
            "the networks of the recommended design there, corrected over the tasks. Since test chose them, "
            "their numbers are a little better than what is to be expected."
        )


def with_trees(board: Leaderboard, design: DesignRecord) -> Mixed | None:
    """The recommended ``design`` mixed with trees; None if they are not shown to be better for any task.

    Raises BundleError if it is another design, or nothing is known of trees.
    """
    if not design.chosen:
        raise BundleError("--allow-trees", "the recommended design", f"design {design.design_id}")
    summary = board.summary_records()
    trees = next((one for one in board.design_records() if TREES in one.arms), None)
    of_trees = next((one for one in summary if TREES in one.arms), None)
    row = next((one for one in summary if one.chosen), None)
    if trees is None or of_trees is None or row is None:
        hint = "references: {trees: true} and a confirmation give it some"
        raise BundleError("--allow-trees", "a sweep with confirmed boosted trees", "none", hint)
    tasks = tuple(one.task for one in row.tasks if one.vs_trees_verdict == Verdict.WORSE)
    if not tasks:
        return None
    configs = {**design.configs, **{task: trees.configs[task] for task in tasks}}
    serves = {**design.serves, **{task: trees.serves[task] for task in tasks}}
    sizes = {one.trial_id: (one.n_params, one.flops) for one in board.records()}
    networks = tuple(sorted(set(serves.values())))
    mixed = replace(
        design,
        design_id=design_id(configs),
        arms=(*design.arms, TREES),
        n_networks=len(networks),
        text=f"{design.text} (boosted trees: {' '.join(tasks)})",
        networks=networks,
        serves=serves,
        configs=configs,
        n_params=sum(sizes[key][0] for key in networks),
        flops=sum(sizes[key][1] for key in networks),
        chosen=False,
    )
    theirs = {one.task: one for one in of_trees.tasks}
    tested = tuple(theirs[one.task] if one.task in tasks else one for one in row.tasks)
    return Mixed(mixed, replace(row, design_id=mixed.design_id, tasks=tested, chosen=False), tasks)
