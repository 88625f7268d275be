"""The identity of a configuration: a hash of all that can change the result but the seed."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel

__all__ = ["identity_of"]


def identity_of(config: BaseModel, data: str) -> str:
    """16 hexadecimal digits; ``data`` is the fingerprint of the Dataset."""
    content: dict[str, Any] = {"data": data, "config": config.model_dump(mode="json")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
