"""What is wrong with the data of a study: the findings that the commands print, kept while nothing has changed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coxa.cohort.read import read_cohort
from coxa.episodes.read import read_episodes
from coxa.errors import CoxaError, DataError
from coxa.findings import Findings
from coxa.importing.drifting import drift
from coxa.importing.settled import settled
from coxa.page.home import Home, Place
from coxa.page.plan_text import PlanText, data_paths, read_plan_text, sha256_of
from coxa.report.analyse import describe
from coxa.study.audit.plan import AuditPlan
from coxa.study.plan import Study

KEPT = 8


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in the data of a study.

    findings : every finding of the data
    counts   : table, what became of its rows, and how many
    problem  : why nothing could be read; empty where it could
    """

    findings: Findings
    counts: list[dict[str, Any]]
    problem: str = ""


class Checks:
    """Checks of data; one is made anew only where the plan or a file is another."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._kept: dict[Any, Checked] = {}
        self._lock = threading.Lock()

    def of(self, place: Place) -> tuple[PlanText | None, Checked | None]:
        """Return the plan of a study and what is in its data; None for data of a plan with faults or without any."""
        plan = read_plan_text(place, self.home)
        if plan is None or plan.plan is None or plan.plan.data is None:
            return plan, None
        key = (str(place.folder), sha256_of(plan.text), *_states(place, plan.plan))
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = check_data(plan.plan)
            return plan, self._kept[key]


def check_data(plan: Study | AuditPlan) -> Checked:
    """Read the data of a plan and return what is found in them."""
    try:
        if isinstance(plan, AuditPlan):
            episodes = read_episodes(plan)
            return Checked(settled(episodes.findings, drift(plan)), _counts(episodes.disposition.counts))
        cohort = read_cohort(plan)
        findings = cohort.findings
        if not findings.errors:
            findings = describe(cohort).findings
        return Checked(findings, _counts(cohort.disposition.counts))
    except DataError as error:
        return Checked(error.findings, [], str(error.args[0]))
    except (CoxaError, OSError) as error:
        return Checked(Findings(), [], str(error))


def _counts(frame: Any) -> list[dict[str, Any]]:
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)]


def _states(place: Place, plan: Study | AuditPlan) -> list[tuple[str, int, int]]:
    """Return what differs when a data file of the study, or of its plan, has changed."""
    paths = {*place.data_files().values(), *data_paths(plan, place.folder)}
    return [_state(path) for path in sorted(paths) if path.is_file()]


def _state(path: Path) -> tuple[str, int, int]:
    now = path.stat()
    return str(path), now.st_mtime_ns, now.st_size
