"""Here tables are written as they are in real sweeps."""

import pytest


@pytest.fixture(autouse=True)
def _tables_are_written_in_the_end() -> None:
    """They are not."""
