"""What commands print for programs: JSON, in which null stands for what is undefined."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["as_json"]


def as_json(value: Any) -> str:
    """``value`` as JSON in ASCII: what is no finite number is null, times are ISO 8601.

    >>> print(as_json([1.5, math.nan, Path("results/x")]))
    [
      1.5,
      null,
      "results/x"
    ]
    """
    return json.dumps(_plain(value), indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value
