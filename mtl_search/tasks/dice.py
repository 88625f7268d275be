"""The Dice coefficient of probabilities, which a loss can be of."""

# B rows, K classes, H x W pixels

from torch import Tensor
from torch.nn import functional as F

from mtl_search.tasks.dense import NO_LABEL

__all__ = ["soft_dice"]

SMOOTH = 1.0  # pixels, added above and below the line: that of a class that neither occurs nor is said is 1


def soft_dice(logits_BKHW: Tensor, codes_BHW: Tensor) -> Tensor:
    """``2 |said and true| / (|said| + |true|)`` in the labelled pixels of each row, mean over classes: B.

    After Milletari et al. (2016), without the squares below the line.
    """
    known_B1HW = (codes_BHW != NO_LABEL)[:, None]
    said_BKHW = logits_BKHW.softmax(1) * known_B1HW
    true_BKHW = F.one_hot(codes_BHW.clamp_min(0), logits_BKHW.shape[1]).movedim(-1, 1) * known_B1HW
    both_BK = (said_BKHW * true_BKHW).sum((2, 3))
    either_BK = said_BKHW.sum((2, 3)) + true_BKHW.sum((2, 3))
    return ((2.0 * both_BK + SMOOTH) / (either_BK + SMOOTH)).mean(1)
