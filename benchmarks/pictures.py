"""Make the two pictures of the README anew: the answer on the page of a sweep, and `mtl-search top`.

The page is drawn by Chromium; ``--chromium`` says where it is.
"""

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mtl_search.report import write_report

ROOT = Path(__file__).parents[1]
WIDTH = 1000  # of the page, in pixels; a wider one would be scaled down in the README
COLUMNS = 80

# The answer and its networks alone; the title says where they end.
CUT = """<style>
nav, .eyebrow, section:not(#train), #train > :not(h2, .answer, .networks) { display: none !important }
details, .answer > p:not(.headline, .lead), .export, .networks .facts { display: none !important }
header.top { padding-top: 16px !important } section { padding: 0 0 16px !important }
</style><script>document.title = document.querySelector("main").getBoundingClientRect().bottom</script>"""


def chromium(program: str, *options: str) -> str:
    """What headless Chromium prints."""
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def draw_page(results: Path, picture: Path, program: str) -> None:
    """The answer and its networks, as the page shows them."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        whole = write_report(results).read_text(encoding="utf-8")
        page.write_text(whole.replace("</body>", f"{CUT}</body>"), encoding="utf-8")
        shown = chromium(program, f"--window-size={WIDTH},2000", "--dump-dom", page.as_uri())
        (height,) = re.findall(r"<title>([\d.]+)</title>", shown)
        size = f"--window-size={WIDTH},{round(float(height))}"
        chromium(program, size, f"--screenshot={picture}", page.as_uri())


def draw_terminal(results: Path, picture: Path) -> None:
    """`mtl-search top`, without the web font that Rich's picture would fetch."""
    shown = f"results/{results.name}"  # as people type it, wherever this checkout is
    command = [sys.executable, "-m", "mtl_search.cli", "top", shown, "-n", "3"]
    colours = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run(
        command, cwd=results.parents[1], env=colours, check=True, capture_output=True, text=True
    )
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(done.stdout))
    svg = console.export_svg(title=f"mtl-search top {shown} -n 3")
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    """Draw both."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("results", nargs="?", type=Path, default=ROOT / "results" / "support2")
    options.add_argument("--out", type=Path, default=ROOT / ".github" / "pictures")
    options.add_argument("--chromium", default="chromium")
    chosen = options.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    draw_page(chosen.results, chosen.out / "page.webp", chosen.chromium)
    draw_terminal(chosen.results, chosen.out / "terminal.svg")


if __name__ == "__main__":
    main()
