"""Time `coxa report` against the bare import of the libraries it is built on, and each form by itself.

The first table is of the shipped trial: seconds of the processor, of all processes, and by the clock on the wall, for
the bare import, for each form of the report, for its short length and for `coxa demo`, and the ratios to the bare
import. The commands run in turn, so that what else the machine does meets all of them; a first turn is not counted.
It leaves the modules compiled, as those of an installed package are.

The second table has seconds by the clock on the wall, of the shipped trial and of two simulated presets, one form at a
time and each with its start. All figures are medians.

    python benchmarks/report.py [--repeats 3] [--ratio] [--acupuncture acupuncture.sav]

With --ratio only the first table is made.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ANALYSES = Path(__file__).parents[1] / "analyses"
FORMS = ("html", "pdf", "docx")
HIP_OA = ANALYSES / "hip_oa_trial" / "study.yaml"
BARE = "import pandas, scipy.stats, statsmodels.api, altair, pandera"
"""What a report is measured against."""
ASKED: dict[str, tuple[str | Path, ...]] = {
    "report, HTML": ("report", HIP_OA, "--quiet"),
    "report, PDF": ("report", HIP_OA, "--quiet", "--format", "pdf"),
    "report, Word": ("report", HIP_OA, "--quiet", "--format", "docx"),
    "report, brief": ("report", HIP_OA, "--quiet", "--length", "brief"),
    "demo": ("demo",),
}
"""What is compared with the bare import."""


def coxa(*arguments: str | Path) -> float:
    """Run a command; return its seconds."""
    begun = perf_counter()
    subprocess.run([sys.executable, "-m", "coxa.cli.main", *map(str, arguments)], check=True, capture_output=True)
    return perf_counter() - begun


def measured(environment: dict[str, str], *arguments: str | Path) -> tuple[float, float]:
    """Run Python with arguments; return the processor's seconds, of all threads and processes, and the clock's."""
    begun, at = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    ended, clock = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter() - at
    return ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime, clock


def print_ratio(repeats: int, folder: Path) -> None:
    """Print the median seconds of the bare import and of each command, and their ratios, by processor and by clock."""
    compiled = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    compiled.pop("PYTHONDONTWRITEBYTECODE", None)
    commands: dict[str, tuple[str | Path, ...]] = {"bare import": ("-c", BARE)}
    for name, arguments in ASKED.items():
        commands[name] = ("-m", "coxa.cli.main", *arguments, "--out", folder / f"ratio {name}")
    turns = [{name: measured(compiled, *each) for name, each in commands.items()} for _ in range(repeats + 1)][1:]
    print(f"| medians of {repeats} turns | processor, s | times the bare import | clock, s | times the bare import |")
    print("|---|---|---|---|---|")
    whole = {name: [statistics.median(turn[name][by] for turn in turns) for by in (0, 1)] for name in commands}
    for name, (processor, clock) in whole.items():
        bare, on_clock = whole["bare import"]
        print(
            f"| {name} | {processor:.2f} | {processor / bare:.1f} | {clock:.2f} | {clock / on_clock:.1f} |", flush=True
        )


def trials(folder: Path, acupuncture: Path | None) -> dict[str, list[str | Path]]:
    """Return the arguments of `coxa report` for each trial; simulated ones are made in the folder."""
    coxa("new", folder / "factorial", "--preset", "moa-2013")
    coxa("simulate", folder / "factorial" / "study.yaml", "--out", folder / "2x2")
    coxa("simulate", HIP_OA, "--out", folder / "therapists")
    named: dict[str, list[str | Path]] = {
        "hip_oa_trial": [HIP_OA],
        "2x2 factorial, simulated": [folder / "2x2" / "study.yaml"],
        "three arms with therapists, simulated": [folder / "therapists" / "study.yaml"],
    }
    if acupuncture:
        named["acupuncture"] = [ANALYSES / "acupuncture_headache" / "study.yaml", "--data", acupuncture]
    return named


def main() -> None:
    """Print the ratios, then a table of seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ratio", action="store_true", help="only the ratios to the bare import")
    parser.add_argument("--acupuncture", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        print_ratio(asked.repeats, folder)
        if asked.ratio:
            return
        print("| trial |", " | ".join(FORMS), "|")
        print("|---|" + "---|" * len(FORMS))
        for name, arguments in trials(folder, asked.acupuncture).items():
            seconds = []
            for form in FORMS:
                times = [
                    coxa("report", *arguments, "--format", form, "--out", folder / "out")
                    for _ in range(asked.repeats + 1)
                ]
                seconds.append(statistics.median(times[1:]))
            print(f"| {name} |", " | ".join(f"{one:.1f}" for one in seconds), "|", flush=True)


if __name__ == "__main__":
    main()
