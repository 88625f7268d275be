"""The page in a real browser: Debian's chromium through Selenium; skipped where either is missing."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_search.leaderboard import only_process
from mtl_search.report import write_report
from mtl_search.report.tables import Tables
from tests.fixtures.hospital import HOSPITAL
from tests.fixtures.sweeps import synthetic_sweep

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
WebDriverWait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its chromedriver")

SCROLL_THROUGH = """
const done = arguments[0];
(async () => {
  for (const plot of document.querySelectorAll('.plot')) {
    if (!plot.checkVisibility()) continue;
    plot.scrollIntoView({behavior: 'instant'});
    while (plot.dataset.drawn !== 'yes') await new Promise(wait => setTimeout(wait, 20));
  }
  done();
})();
"""
MARKS = """
const visible = (mark) => { const box = mark.getBoundingClientRect(); return box.width + box.height > 2; };
const marks = '.cartesianlayer path, .cartesianlayer image, .cartesianlayer rect';
return [...document.querySelectorAll('.plot')].filter((plot) => plot.checkVisibility()).map(
  (plot) => [...plot.querySelectorAll(marks)].filter(visible).length);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(sweep: Path) -> Path:
    return write_report(sweep)


def show(browser: Any, page: Path, *, scheme: str = "light", width: int = 1200) -> None:
    """Open ``page`` and scroll through it until every figure is drawn; no message of the console is fine."""
    browser.get_log("browser")
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.as_uri())
    browser.execute_async_script(SCROLL_THROUGH)
    assert browser.get_log("browser") == []


def luminance(browser: Any, selector: str, attribute: str) -> float:
    """How bright a colour of the page is, 0 to 255."""
    script = f"return getComputedStyle(document.querySelector('{selector}')).{attribute}"
    red, green, blue = (float(part) for part in browser.execute_script(script)[4:-1].split(",")[:3])
    return 0.3 * red + 0.6 * green + 0.1 * blue


def test_every_figure_draws_without_a_word_in_the_console(browser: Any, page: Path) -> None:
    show(browser, page)
    marks = browser.execute_script(MARKS)
    assert len(marks) > 15
    assert min(marks) > 2, marks


def test_dark_is_dark_in_page_and_figures(browser: Any, page: Path) -> None:
    show(browser, page)
    bright_paper, dark_ink = (
        luminance(browser, "body", "backgroundColor"),
        luminance(browser, ".xtick text", "fill"),
    )
    show(browser, page, scheme="dark")
    assert bright_paper > 200 > 60 > luminance(browser, "body", "backgroundColor")
    assert dark_ink < 60 < 200 < luminance(browser, ".xtick text", "fill")


def test_figures_follow_a_change_of_scheme(browser: Any, page: Path) -> None:
    show(browser, page)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    WebDriverWait(browser, 30).until(lambda driver: luminance(driver, ".xtick text", "fill") > 200)


def test_a_phone_shows_it_without_scrolling_sideways(browser: Any, page: Path) -> None:
    show(browser, page, width=390)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    outside = browser.execute_script(
        "return [...document.querySelectorAll('.card, .chart, .answer, .tile, pre')]"
        ".filter(part => part.getBoundingClientRect().right > 391).length"
    )
    assert outside == 0
    text = browser.execute_script("return parseFloat(getComputedStyle(document.querySelector('p')).fontSize)")
    assert text >= 13


def test_a_hostile_task_name_is_harmless(browser: Any, tmp_path: Path) -> None:
    names = (
        "<script>",
        "<img/src=x/onerror=window.hacked=1>",
        "<script>window.hacked=1</script>",
        "c",
        "d",
        "e",
    )
    tasks = [replace(task, name=name) for task, name in zip(HOSPITAL, names, strict=True)]
    synthetic_sweep(tmp_path, trials=40, tasks=tasks)
    show(browser, write_report(tmp_path))
    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.querySelectorAll('main img').length") == 0
    ticks = browser.execute_script(
        "return [...document.querySelectorAll('.ytick text')].map(tick => tick.textContent)"
    )
    assert "<script>" in ticks


def test_an_interrupted_sweep_draws_too(browser: Any, interrupted: Path) -> None:
    show(browser, write_report(interrupted))
    assert "Not known yet." in browser.find_element("id", "better").text


def test_the_command_can_be_copied(browser: Any, page: Path) -> None:
    show(browser, page)
    button = browser.find_element("css selector", "#train .export button.copy")
    browser.execute_script("arguments[0].click()", button)
    assert button.text == "Copied"


def test_trials_are_found_sorted_and_unfolded(browser: Any, page: Path, tables: Tables) -> None:
    show(browser, page)
    rows = (
        "return [...document.querySelectorAll('#trial-table tbody tr')].map(row => row.cells[0].textContent)"
    )
    gains = tables.trials.set_index("trial_id")["mean_gain"]
    assert gains[browser.execute_script(rows)[0]] == pytest.approx(gains.max(), rel=1e-4)
    browser.find_element("name", "state").send_keys("failed")
    failed = set(tables.trials.query("state == 'failed'")["trial_id"])
    assert set(browser.execute_script(rows)) == failed
    browser.find_element("css selector", "#trial-table tbody button").click()
    assert '"optimizer"' in browser.find_element("css selector", ".unfolded pre").text


def test_a_word_says_what_it_means(browser: Any, page: Path) -> None:
    show(browser, page, width=390)
    term = browser.find_element("css selector", "#train a.term")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", term)
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    browser.execute_script("arguments[0].click()", term)
    tip = browser.find_element("css selector", ".tip")
    assert tip.is_displayed()
    assert tip.text == term.get_attribute("title")
    assert tip.rect["x"] >= 0
    assert tip.rect["x"] + tip.rect["width"] <= 390


def test_a_sweep_at_work_is_loaded_again_where_the_reader_is(browser: Any, tmp_path: Path) -> None:
    synthetic_sweep(tmp_path, trials=20, confirmed=False)
    with only_process(tmp_path):
        page = write_report(tmp_path)
    page.write_text(page.read_text().replace('data-seconds="20"', 'data-seconds="2"'))
    browser.get(page.as_uri())
    browser.execute_script(
        "window.old = true; document.querySelector('#tables').open = true;"
        "document.querySelector('#failed').scrollIntoView({behavior: 'instant'})"
    )
    before = browser.execute_script("return document.querySelector('#failed').getBoundingClientRect().top")
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script("return !window.old"))
    WebDriverWait(browser, 30).until(
        lambda driver: driver.execute_script("return document.querySelector('#tables')?.open")
    )
    after = browser.execute_script("return document.querySelector('#failed').getBoundingClientRect().top")
    assert abs(after - before) < 120
