"""What networks compute on, by the name that a user gives."""

import torch

from mtl_search.errors import ResourceError

__all__ = ["check_device"]


def check_device(name: str) -> torch.device:
    """The device of that name; ResourceError if it is not here."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ResourceError("--device", "cpu or cuda", repr(name)) from None
    gpus = torch.cuda.device_count()
    if device.type not in ("cpu", "cuda") or (device.type == "cuda" and (device.index or 0) >= gpus):
        raise ResourceError("--device", "cpu, or cuda where there is a GPU", repr(name))
    return device
