"""Classes of the user's own, by their import path."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from mtl_search.errors import Mismatch
from mtl_search.model import MlpConfig
from mtl_search.own import import_own
from mtl_search.tasks import TaskConfig


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def (:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("", "no attribute"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_module_that_fails_when_it_is_imported_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    name = f"own_{said.replace(' ', '_')}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Mismatch, match=said):
        import_own(f"{name}:Mine", MlpConfig, "a trunk's")


def test_a_mapping_in_the_place_of_a_name_is_nobodys_module(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValidationError, match="expected tags"):
        TypeAdapter(TaskConfig).validate_python({"kind": {"one_of": ["binary"]}})
    assert caplog.text == ""
