"""Time the main line in one run: the command line, the demonstration, the MMRM by size.

Each line is the median of several repeats. Times are of this machine; the ratio to the fastest MMRM size shows
what grows with the number of participants and what does not.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from mmrm import FORMULA, median_seconds, trial

import coxa

SIZES = (200, 1_000, 5_000, 20_000)
REPEATS = 5


def main() -> None:
    """Print one line per thing timed."""
    command = [sys.executable, "-m", "coxa.cli.main"]
    with tempfile.TemporaryDirectory() as folder:
        demo = [*command, "demo", "-q", "--out", str(Path(folder) / "demo")]
        show("coxa --help", median_seconds(lambda: apart([*command, "--help"]), REPEATS))
        show("coxa demo", median_seconds(lambda: apart(demo), repeats=3))

    first = 0.0
    for n in SIZES:
        rows = trial(n)
        seconds = median_seconds(lambda rows=rows: coxa.fit_mmrm(FORMULA, rows, ddf="kenward-roger"), REPEATS)
        first = first or seconds
        stages = coxa.fit_mmrm(FORMULA, rows, ddf="kenward-roger").optimisation
        shares = ", ".join(f"{name} {1000 * value:.0f}" for name, value in stages.seconds.items())
        show(f"MMRM us, Kenward-Roger, n = {n}", seconds, f"x{seconds / first:.1f} of n = {SIZES[0]}; ms: {shares}")


def apart(command: list[str]) -> None:
    """Run a command as a process of its own."""
    subprocess.run(command, capture_output=True, check=True)


def show(what: str, seconds: float, more: str = "") -> None:
    """Print one timing."""
    print(f"{what:<40} {1000 * seconds:9.0f} ms  {more}")


if __name__ == "__main__":
    main()
