"""Runs of a plan: the very command that a terminal runs, in a process of its own, followed and ended by its number."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Literal

from coxa.errors import OptionError
from coxa.files import save
from coxa.page.home import RUNS, WORK, Place, plain_folders

State = Literal["running", "done", "failed", "cancelled"]

FORMS = "html,pdf,docx"
KEPT_LINES = 200
"""Last lines of a command that are kept."""

PATIENCE = 5.0
"""Seconds that a process has to end before it is made to."""

MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What of an audit is not in its plan.

    letters : whether letters to clinics and therapists are written, as PDF, to its folder `own`
    earlier : the run that was shared before, so that the difference gives no small count away
    """

    letters: bool = False
    earlier: int | None = None


NO_OPTIONS = AuditOptions()


def command(place: Place, number: int, options: AuditOptions | None = None) -> list[str]:
    """Return the command of a run, as it is typed in the folder of the study."""
    name = place.plan.name if place.plan else "study.yaml"
    words = ["coxa", "audit" if place.is_audit else "report", name, "--format", FORMS, "--out", f"{RUNS}/{number}"]
    if place.is_audit and options is not None:
        words += ["--letters", "pdf"] if options.letters else []
        words += ["--earlier", f"{RUNS}/{options.earlier}"] if options.earlier is not None else []
    return words


@dataclass
class Run:
    """A run of a plan, while it goes on and after.

    place, number : whose it is, and the name of its folder
    options       : of an audit
    state         : running, done, failed or cancelled
    step          : what is being done, and how much of it is
    messages      : what the command wrote
    """

    place: Place
    number: int
    options: AuditOptions = NO_OPTIONS
    process: subprocess.Popen[str] | None = None
    state: State = "running"
    step: str = "starting"
    done: int = 0
    total: int = 0
    messages: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    started: float = field(default_factory=monotonic)
    ended: float | None = None

    @property
    def folder(self) -> Path:
        """Where its results are written."""
        return self.place.folder / RUNS / str(self.number)

    @property
    def command(self) -> list[str]:
        """What is run, as it is typed."""
        return command(self.place, self.number, self.options)

    @property
    def seconds(self) -> int:
        """How long it takes, or took."""
        return round((self.ended or monotonic()) - self.started)

    @property
    def text(self) -> str:
        """What is being done, for a reader."""
        of = f", step {self.done + 1} of {self.total}" if self.total else ""
        return f"{self.step[:1].upper()}{self.step[1:]}{of}"


class Runs:
    """The runs since the page was opened: at most one at a time of each study."""

    def __init__(self, home: Path) -> None:
        self.work = home / WORK
        self._last: dict[Path, Run] = {}
        self._lock = threading.Lock()

    def last(self, place: Place) -> Run | None:
        """Return the last run of a study; None where there was none since the page was opened."""
        return self._last.get(place.folder)

    def start(self, place: Place, options: AuditOptions = NO_OPTIONS) -> Run:
        """Start a run of the plan of a study; return the one that is going on, where there is one."""
        with self._lock:
            last = self.last(place)
            if last is not None and last.state == "running":
                return last
            if sum(run.state == "running" for run in self._last.values()) >= MOST_AT_ONCE:
                raise OptionError(f"{MOST_AT_ONCE} runs are going on. Wait for one of them, or cancel it.")
            run = Run(place, _next_number(place), options)
            run.process = self._process(run)
            self._last[place.folder] = run
        threading.Thread(target=self._follow, args=(run,), daemon=True).start()
        return run

    def cancel(self, place: Place) -> None:
        """End the process of the run of a study, and all that it started; nothing of the run is kept."""
        run = self.last(place)
        with self._lock:
            if run is None or run.state != "running" or run.process is None:
                return
            run.state = "cancelled"
        end_process(run.process)

    def end(self) -> None:
        """End all runs."""
        for run in list(self._last.values()):
            self.cancel(run.place)
        shutil.rmtree(self.work, ignore_errors=True)

    def _process(self, run: Run) -> subprocess.Popen[str]:
        """Start the command, with its temporary files in the chosen folder."""
        save(self.work / "README.txt", "Temporary files of coxa; they can be deleted when no page is open.\n")
        work = {name: str(self.work) for name in ("TMPDIR", "TEMP", "TMP")}
        environment = {**os.environ, **work, "COXA_PROGRESS": "lines", "PYTHONUTF8": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "coxa.cli.main", *run.command[1:]],
            cwd=run.place.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def _follow(self, run: Run) -> None:
        """Take in what the command writes until it has ended, and then say how it ended."""
        process = run.process
        if process is None or process.stderr is None:
            return
        for line in process.stderr:
            self._heard(run, line.rstrip("\n"))
        code = process.wait()
        with self._lock:
            run.ended = monotonic()
            there = (run.folder / "results.json").is_file()
            if run.state == "running":
                run.state = "done" if there else "failed"
            if run.state == "failed" and (code < 0 or not run.messages):
                run.messages.append(_died(code))
            if run.state != "done":
                shutil.rmtree(run.folder, ignore_errors=True)

    @staticmethod
    def _heard(run: Run, line: str) -> None:
        """Take in a line: of progress, or a message."""
        parts = line.split("\t")
        if parts[0] == "progress" and len(parts) == 4 and parts[2].isdigit() and parts[3].isdigit():
            run.step, run.done, run.total = parts[1], int(parts[2]), int(parts[3])
        elif line.strip():
            run.messages.append(line)


def end_process(process: subprocess.Popen[str]) -> None:
    """End a process that was started here, by its number, and the processes that it started."""
    _signal(process, hard=False)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _signal(process, hard=True)


def _signal(process: subprocess.Popen[str], hard: bool) -> None:
    """Send a signal to the group that a process leads: it leads one of its own, which has its number."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)
        elif hard:
            process.kill()
        else:
            process.terminate()


def _died(code: int) -> str:
    """Say of a process that it ended without a word."""
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    return (
        f"The run ended {how} before it had a result. Its process was ended from outside, or the memory was not "
        "enough. Run it again, or on a larger computer."
    )


def _next_number(place: Place) -> int:
    """Return the number of the next run: one more than the largest that has results."""
    return max(_numbers(place), default=0) + 1


def _numbers(place: Place) -> Iterator[int]:
    for folder in plain_folders(place.folder):
        if folder.name == RUNS:
            yield from (int(run.name) for run in plain_folders(folder) if run.name.isdigit())
