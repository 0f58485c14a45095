"""Time `coxa report`, one form at a time and each with its start, on the shipped trial and on two simulated presets.

Seconds are medians of repeats after one that is not counted, by the clock on the wall.

    python benchmarks/report.py [--repeats 3] [--acupuncture acupuncture.sav]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ANALYSES = Path(__file__).parents[1] / "analyses"
FORMS = ("html", "pdf", "docx")


def coxa(*arguments: str | Path) -> float:
    """Run a command; return its seconds."""
    begun = perf_counter()
    subprocess.run([sys.executable, "-m", "coxa.cli.main", *map(str, arguments)], check=True, capture_output=True)
    return perf_counter() - begun


def trials(folder: Path, acupuncture: Path | None) -> dict[str, list[str | Path]]:
    """Return the arguments of `coxa report` for each trial; simulated ones are made in the folder."""
    hip_oa = ANALYSES / "hip_oa_trial" / "study.yaml"
    coxa("new", folder / "factorial", "--preset", "moa-2013")
    coxa("simulate", folder / "factorial" / "study.yaml", "--out", folder / "2x2")
    coxa("simulate", hip_oa, "--out", folder / "therapists")
    named: dict[str, list[str | Path]] = {
        "hip_oa_trial": [hip_oa],
        "2x2 factorial, simulated": [folder / "2x2" / "study.yaml"],
        "three arms with therapists, simulated": [folder / "therapists" / "study.yaml"],
    }
    if acupuncture:
        named["acupuncture"] = [ANALYSES / "acupuncture_headache" / "study.yaml", "--data", acupuncture]
    return named


def main() -> None:
    """Print a table of seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--acupuncture", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
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
