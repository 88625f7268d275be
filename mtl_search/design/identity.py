"""What makes two designs one and the same."""

import hashlib
import json
from collections.abc import Mapping

__all__ = ["design_id"]


def design_id(configs: Mapping[str, str]) -> str:
    """A short hash of which configuration serves which main task: equal designs have the same.

    >>> design_id({"age": "c1", "cost": "c2"}) == design_id({"cost": "c2", "age": "c1"})
    True
    """
    text = json.dumps(sorted(configs.items()), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
