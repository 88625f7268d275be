from pathlib import Path

import pytest

from mtl_search.report import write_report
from mtl_search.report.glossary import GLOSSARY, Terms, slug


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("two networks", "network"),
        ("Single-task networks", "single task"),
        ("by Holm", "Holm"),
        ("validation data", "validation"),
    ],
)
def test_forms_lead_to_their_word(text: str, key: str) -> None:
    assert f'href="#{slug(key)}"' in Terms().linked(text, "x")


def test_a_word_is_linked_once_a_section_and_only_whole() -> None:
    terms = Terms()
    assert terms.linked("a trial, a trial", "x").count("<a") == 1
    assert "<a" not in terms.linked("a trial", "x")
    assert "<a" in terms.linked("a trial", "y")
    assert "<a" not in terms.linked("against, contrial, trial_id", "z")


def test_text_stays_escaped() -> None:
    assert str(Terms().linked("<b>&</b>", "x")) == "&lt;b&gt;&amp;&lt;/b&gt;"


def test_each_link_of_the_page_has_its_entry(sweep: Path) -> None:
    text = write_report(sweep).read_text()
    for word in GLOSSARY:
        assert f'id="{slug(word)}"' in text
    assert 'class="term" href="#term-delta_m"' in text
