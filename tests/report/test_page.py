import errno
import html
import json
import os
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import Mock

import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.report import write_report
from tests.fixtures.hospital import HOSPITAL
from tests.fixtures.sweeps import synthetic_sweep

HOSTILE = ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "'\"><b>", "a&b", "</script>", "${x}")
SECTIONS = [
    "What should I train?",
    "Is it really better?",
    "Why?",
    "What does it cost?",
    "How did the search go?",
    "All trials",
    "Words",
]


class Outline(HTMLParser):
    """The headings, tags, attributes, addresses and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str | None] = []
        self.scripts: list[tuple[str | None, str]] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "h2":
            self.headings.append(data)
        if self._open == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)


def test_the_page_answers_in_order_and_needs_no_network(sweep: Path) -> None:
    page = write_report(sweep)
    assert page == sweep / "report.html"
    outline = Outline(page.read_text())
    assert outline.headings == SECTIONS
    assert outline.addresses
    assert all(address.startswith(("#", "data:")) for address in outline.addresses)
    assert "connect-src" not in page.read_text()  # default-src 'none' forbids all of it
    assert "default-src 'none'" in page.read_text()
    assert 'class="gate' not in page.read_text()  # of networks with experts, of which there are none


def test_plotly_is_in_it_once_and_the_page_is_small(sweep: Path) -> None:
    text = write_report(sweep).read_text()
    assert len(re.findall(r"plotly\.js v\d", text)) == 1
    assert len(text) < 8_000_000


def test_writing_it_again_replaces_it(sweep: Path) -> None:
    first = write_report(sweep).read_text()
    assert write_report(sweep).read_text() == first


def test_an_interrupted_sweep_says_so(interrupted: Path) -> None:
    text = write_report(interrupted).read_text()
    assert "Not known yet." in text
    assert f"mtl-search resume {interrupted}" in text
    assert "not confirmed" in text


def test_a_sweep_without_any_trial_has_a_page(tmp_path: Path) -> None:
    Leaderboard.create(tmp_path, HOSPITAL)
    text = write_report(tmp_path).read_text()
    assert Outline(text).headings == SECTIONS
    assert "No design yet." in text
    assert f"mtl-search resume {tmp_path}" in text
    assert "No trial has ended yet." in text


def test_a_page_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Leaderboard.create(tmp_path, HOSPITAL)
    before = write_report(tmp_path).read_bytes()
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_report(tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before
    assert not list(tmp_path.glob(".report.html*"))


def test_what_is_no_sweep_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(LeaderboardError):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_from_data_are_escaped(tmp_path: Path) -> None:
    """A hostile name is text wherever it stands: in markup, in figures, in scripts."""
    tasks = [replace(task, name=name) for task, name in zip(HOSPITAL, HOSTILE, strict=False)]
    synthetic_sweep(tmp_path, trials=40, tasks=tasks)
    (tmp_path / "sweep.yaml").write_text(f"name: x # {HOSTILE[0]}\ntrial: {{a: 1}}\n")
    text = write_report(tmp_path).read_text()
    outline = Outline(text)
    assert "img" not in outline.tags
    assert not any(name.startswith("on") for name in outline.attributes)
    plotly, drawing, *_ = (script for kind, script in outline.scripts if kind is None)
    assert "Plotly.react" in drawing
    assert len(plotly) > 1_000_000
    figures = [json.loads(script) for kind, script in outline.scripts if kind == "application/json"]
    drawn = json.dumps(figures)
    assert html.escape(HOSTILE[0]) in drawn
    assert HOSTILE[0] not in drawn


def test_a_thousand_trials_are_a_page_in_seconds(tmp_path: Path) -> None:
    synthetic_sweep(tmp_path, trials=1_000)
    started = time.process_time()
    page = write_report(tmp_path)
    assert time.process_time() - started < 8.0
    assert page.stat().st_size < 5_600_000  # of which plotly.js is 4.8
