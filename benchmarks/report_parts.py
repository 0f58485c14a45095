"""Where the processor's time of `coxa report` goes: a sample of its main process every few milliseconds, by part.

    python benchmarks/report_parts.py [--repeats 3] [--length brief]

Seconds are of the processor, medians of the repeats; each run is a process of its own, with compiled modules. The
second process, which draws the charts, is counted whole. The clock of the system gives some 250 samples a second.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

HIP_OA = Path(__file__).parents[1] / "analyses" / "hip_oa_trial" / "study.yaml"
PARTS = {
    "report/analyse.py:_read": "reading and checking the data",
    "report/analyse.py:analyse_cohort": "deriving, models and estimates",
    "figures/figure.py:spec": "specifications of the charts",
    "report/build.py:build_document": "tables, texts and numbers of the sections",
    "report/output/render.py:render_document": "the page",
    "report/write.py:write_report": "results data set and provenance",
    "study/reading/read.py:read_study": "reading the plan",
}
"""Function -> the part it begins; the innermost one on the stack counts."""
LIBRARIES, OWN, REST = "importing libraries", "importing coxa", "the rest"
SECOND = "the second process: drawing the charts"


def part_of(frame: FrameType | None) -> str:
    """Return the part that a stack is in; what runs while a module is imported is of that module."""
    importing, module, named = False, "", ""
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        importing = importing or "importlib" in file
        if name == "<module>" and not module:
            module = OWN if "/coxa/" in file else LIBRARIES
        named = named or PARTS.get(f"{file.rpartition('/coxa/')[2]}:{name}", "")
        frame = frame.f_back
    return module if importing else named or REST


def sampled(arguments: list[str]) -> None:
    """Run a report in this process and print the seconds of each part as JSON, in the last line."""
    found: Counter[str] = Counter()
    signal.signal(signal.SIGPROF, lambda _, frame: found.update([part_of(frame)]))
    signal.setitimer(signal.ITIMER_PROF, 0.002, 0.002)
    from coxa.cli.main import app

    with contextlib.suppress(SystemExit):
        app(["report", str(HIP_OA), "--quiet", *arguments])
    signal.setitimer(signal.ITIMER_PROF, 0)
    own, second = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = {name: own * count / found.total() for name, count in found.items()}
    print(json.dumps({**seconds, SECOND: second.ru_utime + second.ru_stime}))


def main() -> None:
    """Print the table of the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    asked, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as made:
        compiled = {**os.environ, "PYTHONPYCACHEPREFIX": f"{made}/compiled"}
        compiled.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, __file__, "--sampled", *arguments, "--out", f"{made}/out"]
        said = [
            subprocess.run(command, check=True, capture_output=True, text=True, env=compiled).stdout
            for _ in range(asked.repeats + 1)
        ]
    runs = [json.loads(text.splitlines()[-1]) for text in said[1:]]
    named = {name for run in runs for name in run}
    parts = {name: statistics.median(run.get(name, 0.0) for run in runs) for name in named}
    print("| part | processor, s |\n|---|---|")
    for name, seconds in sorted(parts.items(), key=lambda each: -each[1]):
        print(f"| {name} | {seconds:.2f} |")
    print(f"| all | {sum(parts.values()):.2f} |")


if __name__ == "__main__":
    if "--sampled" in sys.argv:
        sampled(sys.argv[sys.argv.index("--sampled") + 1 :])
    else:
        main()
