"""Where running sweeps are to be seen, in the terminal."""

from collections.abc import Sequence

from rich.text import Text

from mtl_search.terminal.words import flow, plain_console, some

__all__ = ["show_dashboards"]

SESSION = "/tmp/ray/session_latest"  # or below RAY_TMPDIR
CONFIG = f"{SESSION}/metrics/prometheus/prometheus.yml"


def show_dashboards(found: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Each dashboard with its sweeps, and the ways to see more."""
    console = plain_console()
    if not found:
        flow(console, "No Ray dashboard answers on this machine.")
        flow(console, "A sweep that runs here has one, unless it has --no-dashboard or --inline.")
        return
    for url, sweeps in found:
        console.print(Text.assemble((url, "bold"), f"  {some(sweeps) if sweeps else 'no sweep of ours'}"))
    port = found[0][0].rpartition(":")[2]
    rows = (
        ("its token", "ray get-auth-token"),
        ("from elsewhere", f"ssh -L {port}:127.0.0.1:{port} HOST"),
        ("logs", f"{SESSION}/logs/worker-*.out"),
        ("Prometheus", f"prometheus --config.file={CONFIG}"),
        ("Grafana", "mtl-search dashboard --grafana FILE"),
    )
    for what, how in rows:
        console.print(Text.assemble((f"{what:<14}  ", "dim"), how), soft_wrap=True)
