"""Measure `coxa report` of simulated trials by the number of participants: seconds of the processor and peak memory.

Two trials: the shipped one, whose scores are made from 40 items at five visits, and the preset moa-2013, whose scores
are read as scores. A row has the seconds of the processor of all processes (those of the system in brackets), the
largest memory of one of them, the size of the page, and what 10,000 more participants took since the row above. One
report runs at a time, and one run of each is measured.

    python benchmarks/scale.py [--participants 5000 15000 50000] [--trial items scores]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HIP_OA = Path(__file__).parents[1] / "analyses" / "hip_oa_trial" / "study.yaml"
PRESET = "moa-2013"
COXA = (sys.executable, "-m", "coxa.cli.main")
MEGABYTE = 1e6
STEP = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took: seconds of the processor in programs and in the system, and bytes of memory at most."""

    user: float
    system: float
    memory: int


def measured(*arguments: str | Path) -> Measured:
    """Run a command of coxa to its end; raise RuntimeError where it fails."""
    command = [*COXA, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} failed with code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(used.ru_utime, used.ru_stime, used.ru_maxrss * unit)


def plan_of(trial: str, folder: Path) -> Path:
    """Return the plan of a trial: of `items` that are scored, or of `scores` that are read."""
    if trial == "items":
        return HIP_OA
    measured("new", folder / "plan", "--preset", PRESET)
    return folder / "plan" / "study.yaml"


def print_trial(trial: str, sizes: list[int], folder: Path) -> None:
    """Print a row for each number of participants."""
    plan, before = plan_of(trial, folder), None
    for n in sizes:
        data = folder / f"{trial}-{n}"
        measured("simulate", plan, "--participants", str(n), "--out", data, "--quiet")
        took = measured("report", data / "study.yaml", "--out", data / "out", "--quiet")
        page = (data / "out" / "report.html").stat().st_size / MEGABYTE
        growth = ""
        if before:
            more = (n - before[0]) / STEP
            seconds, memory = took.user - before[1].user, (took.memory - before[1].memory) / MEGABYTE
            growth = f"{seconds / more:.1f} s, {memory / more:.0f} MB"
        cells = (
            f"{n:,}",
            f"{took.user:.1f} ({took.system:.1f})",
            f"{took.memory / MEGABYTE:,.0f}",
            f"{page:.1f}",
            growth,
        )
        print(f"| {trial} |", " | ".join(cells), "|", flush=True)
        before = (n, took)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, nargs="+", default=[5000, 15000, 50000])
    parser.add_argument("--trial", nargs="+", choices=("items", "scores"), default=["items", "scores"])
    asked = parser.parse_args()
    print("| trial | participants | processor, s (system) | memory, MB | page, MB | per 10,000 more |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for trial in asked.trial:
            folder = Path(made) / trial
            folder.mkdir()
            print_trial(trial, sorted(asked.participants), folder)


if __name__ == "__main__":
    main()
