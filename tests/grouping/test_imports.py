import subprocess
import sys


def test_grouping_is_light_to_import() -> None:
    code = (
        "import sys, mtl_search.grouping; print([m for m in ('torch', 'ray', 'optuna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
