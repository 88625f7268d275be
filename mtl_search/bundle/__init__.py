"""Trained networks as values, and bundles of them: read back without pickle, used without a sweep.

A pickle runs code when it is opened and breaks when a class moves. Here a folder holds what a network is in
JSON that anyone can read, and its weights as plain arrays; a network that was loaded gives bit for bit the
outputs of the one that was saved.

A *bundle* is a design made ready for use, one folder: ``model.json`` (`Description`), a folder for each
trained network, and a model card, ``README.md``. `Predictor` reads it and predicts; making one of a sweep is
``mtl_search.exporting``. The decisions:

- **Reading is that of training.** The description has the ``data:`` block and the fitted encoding, so the
  same values count as missing, and each column is of the kind that training saw, or is refused by name.
- **A row's prediction depends on that row alone**: not on its batch, on other rows or on their order.
- **The prediction is the mean over seeds**, of probabilities or of numbers in their own unit, and the spread
  over seeds stands beside a number, in ``_sd``. It is in float32 on every device.
- **Every file is vouched for by its hash**, except the card, which is for people to add to.
"""

from mtl_search.bundle.description import Description, ModelEntry
from mtl_search.bundle.predictor import Predictor
from mtl_search.bundle.trained_network import TrainedNetwork
from mtl_search.bundle.trained_trees import AnyTrained, TrainedTrees

__all__ = ["AnyTrained", "Description", "ModelEntry", "Predictor", "TrainedNetwork", "TrainedTrees"]
