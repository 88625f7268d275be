"""Examples: a few test rows with what the recommended design predicts of them, to be looked at.

They are part of the reading of test that confirmed the design, and chosen by a hash of what is in them;
nothing is decided by them. The networks are those that the confirmation kept, all seeds together as
``export`` takes them home: with ``keep: none`` there are none, and nothing that a row holds leaves the data.
"""

from collections.abc import Mapping, Sequence

from mtl_search.bundle.showing import show_rows
from mtl_search.bundle.trained_network import NETWORKS, network_folder
from mtl_search.bundle.trained_trees import AnyTrained, load_trained
from mtl_search.data import Dataset
from mtl_search.leaderboard import Leaderboard, Shown
from mtl_search.records import DesignRecord, Phase, TrialState
from mtl_search.tasks import TaskConfig

__all__ = ["examples"]


def examples(
    board: Leaderboard, dataset: Dataset, designs: Sequence[DesignRecord], configs: Mapping[str, TaskConfig]
) -> list[Shown]:
    """What is shown of the dataset's rows; nothing without a network on a seed that all of them have."""
    chosen = next((one for one in designs if one.chosen), None)
    if chosen is None or dataset.to_show is None:
        return []
    kept = _kept(board, set(chosen.configs.values()))
    trained = {task: kept[config] for task, config in sorted(chosen.configs.items())}
    if not all(trained.values()):
        return []
    return show_rows(dataset, configs, trained, chosen.design_id)


def _kept(board: Leaderboard, wanted: set[str]) -> dict[str, list[AnyTrained]]:
    """The networks by configuration, on the seeds that all are kept of."""
    seeds: dict[str, set[int]] = {config: set() for config in wanted}
    for record in board.records():
        if record.phase is Phase.CONFIRMATION and record.state is TrialState.COMPLETE:
            folder = board.path / NETWORKS / network_folder(record.config_id, record.seed)
            if record.config_id in wanted and folder.is_dir():
                seeds[record.config_id].add(record.seed)
    common = sorted(set.intersection(*seeds.values()))
    return {
        config: [load_trained(board.path / NETWORKS / network_folder(config, seed)) for seed in common]
        for config in wanted
    }
