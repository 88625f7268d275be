"""Features of any form, looked at alike."""

from torch import Tensor

from mtl_search.features import Features, Steps

__all__ = ["at", "form_of", "values_of"]


def values_of(features: Features) -> Tensor:
    """The values, those of steps that are not known at zero: they mean nothing."""
    if isinstance(features, Steps):
        return features.values_BLW.masked_fill(~features.known_BL[..., None], 0.0)
    return features


def at(features: Features, rows: slice) -> Features:
    """Some of the rows."""
    if isinstance(features, Steps):
        return Steps(values_of(features)[rows], features.known_BL[rows])
    return features[rows]


def form_of(features: Features) -> tuple[tuple[int, ...], ...]:
    """The shapes of what features are made of."""
    parts = features if isinstance(features, Steps) else (features,)
    return tuple(tuple(part.shape) for part in parts)
