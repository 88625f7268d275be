"""The ways of sharing a trunk, one file each."""

from pydantic import SerializeAsAny

from mtl_search.model.sharing.hard import HardSharing
from mtl_search.model.sharing.sharing import Sharing

__all__ = ["HardSharing", "Sharing", "SharingConfig"]

SharingConfig = SerializeAsAny[HardSharing]
"""Any way of sharing."""
