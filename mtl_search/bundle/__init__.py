"""Trained networks as values: saved as JSON and safetensors, read back without pickle, used without a sweep.

A pickle runs code when it is opened and breaks when a class moves. Here a folder holds what a network is in
JSON that anyone can read, and its weights as plain arrays; a network that was loaded gives bit for bit the
outputs of the one that was saved.
"""

from mtl_search.bundle.trained_network import TrainedNetwork

__all__ = ["TrainedNetwork"]
