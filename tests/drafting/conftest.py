"""Tables with something in them that a draft must see."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.drafting import DraftData, Look, draft_data, look_at, sample_of, timing

ROWS = 400

Columns = dict[str, object]
Looks = Callable[..., Look]
Drafts = Callable[..., DraftData]


@pytest.fixture(autouse=True)
def _short_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MEASURED", 0.0)


@pytest.fixture(scope="session")
def columns() -> Columns:
    """Two inputs and two tasks, with nothing wrong."""
    random = np.random.default_rng(0)
    x, z = random.normal(size=(2, ROWS))
    ill = x + random.normal(size=ROWS) > 0
    return {"x": x, "z": z, "cost": x - z + random.normal(size=ROWS), "ill": ill}


@pytest.fixture
def look(columns: Columns) -> Looks:
    """The look at that table with other columns besides."""
    return lambda **more: look_at("table.csv", sample_of(pa.table({**columns, **more})))


@pytest.fixture
def draft(look: Looks) -> Drafts:
    """What is drafted for it."""
    return lambda tasks=("ill", "cost"), **more: draft_data(look(**more), tasks)
