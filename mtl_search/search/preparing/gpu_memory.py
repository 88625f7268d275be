"""How much memory of a GPU a trial needs at most: its data, its network and what the GPU itself takes.

Computed, not measured: a sweep that is about to start may have no GPU of its own to try on. Each trial holds
a copy of the data (and of the train rows one more, shuffled) and a CUDA context, which is what most of the
memory goes to if networks are small. The largest network is looked for among random draws.
"""

import math
import random

from mtl_search.arm_names import TREES
from mtl_search.data import Dataset, Rows
from mtl_search.model import NetworkCosts
from mtl_search.space import RandomSuggest
from mtl_search.sweep.arms import arms_of
from mtl_search.sweep.spec import SweepSpec
from mtl_search.training import TrialConfig

__all__ = ["CONTEXT", "bytes_of", "gpu_memory", "of_network"]

CONTEXT = 600 * 2**20  # of CUDA with the libraries that PyTorch loads; 300 to 550 MiB on data centre GPUs
DRAWS = 30  # of each study
COPIES = 5  # of a network's values: weights, gradients, two moments of Adam, the weights of the best epoch
KEPT = 4  # values kept for the backward pass per value that a layer makes: norm, activation, dropout, product
FLOAT = 4  # bytes
EVALUATED = 16_384  # rows of valid in one forward pass


def gpu_memory(spec: SweepSpec, dataset: Dataset) -> int:
    """Bytes that a trial of ``spec`` needs at most, as far as random draws can tell."""
    costs = NetworkCosts(dataset.tasks, dataset.input_shape)
    largest = 0
    for arm in arms_of(spec):
        if arm.name == TREES:  # which grow on the CPU
            continue
        for members in arm.studies.values():
            suggest = RandomSuggest(random.Random(0))
            for _ in range(DRAWS):
                sampled = arm.space.sample(suggest, members or arm.space.members.suggest(suggest))
                config = TrialConfig.model_validate(sampled)
                n_params = costs.of(config).n_params
                largest = max(largest, of_network(config, n_params, len(dataset.valid)))
    data = bytes_of(dataset.train) + sum(map(bytes_of, dataset.splits.values()))
    return CONTEXT + data + largest


def bytes_of(rows: Rows) -> int:
    """What ``rows`` take in memory: nothing to speak of if they are read from files, batch by batch."""
    return 0 if rows.mapped is not None else rows.nbytes


def of_network(config: TrialConfig, n_params: int, n_valid: int) -> int:
    """A network with its optimiser, and the values that its layers make of a batch.

    A layer of n x m weights makes m values a row; L layers of P weights in all make about sqrt(L P), and more
    only if layers become wider than what they read.
    """
    depth = config.trunk.depth
    of_a_stage = 2 if config.sharing.only_stages else 3  # what is mixed is stacked for it
    layers = 1 + of_a_stage * sum(config.sharing.copies(depth, len(config.members)))
    made = math.sqrt((layers + len(config.members)) * n_params)
    in_training = KEPT * made * config.batch_size * config.copies
    in_evaluation = made * min(EVALUATED, n_valid * config.copies)
    return int(FLOAT * (COPIES * n_params + max(in_training, in_evaluation)))
