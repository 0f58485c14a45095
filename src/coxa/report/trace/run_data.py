"""The run record as plain data: what ran on what, where, and how long each step took."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from coxa.report.record import ReportRecord
from coxa.report.trace.identity import data_hash
from coxa.study import Study
from coxa.study.locking.content import meaning_sha256, plan_content, value_words
from coxa.study.locking.deviations import Deviation, PlanStatus

FORMAT, VERSION = "coxa run record", 1


def run_data(report: ReportRecord[Study], render: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return the run record that is written to run.json; docs/lock.md says what each field is.

    Parameters
    ----------
    report
        A plan, its data and its results.
    render
        Seconds that building the document and each form of the report took.
    """
    study, run = report.study, report.run
    file = study.origin.name if study.origin else ""
    return {
        "format": FORMAT,
        "version": VERSION,
        "study": study.study,
        "plan": {"file": file, "sha256": run.plan_sha256, "meaning_sha256": meaning_sha256(plan_content(study))},
        "lock": lock_data(report.status),
        "data": {"sha256": data_hash(run.data_sha256), "files": dict(run.data_sha256)},
        "versions": dict(run.versions),
        "platform": {
            "system": platform.system(),
            "machine": platform.machine(),
            "python": platform.python_implementation(),
        },
        "seed": run.seed,
        "seconds": {**report.seconds, "render": dict(render or {})},
    }


def lock_data(status: PlanStatus) -> dict[str, Any]:
    """Return how a plan stands to its lock, as plain data."""
    held = status.lock
    keys = ("date", "reason", "coxa", "plan_sha256", "meaning_sha256", "sha256")
    return {
        "state": status.state,
        "file": held.file if held else None,
        "entries": [{key: getattr(entry, key) for key in keys} for entry in (held.entries if held else ())],
        "deviations": [_deviation(deviation) for deviation in status.deviations],
    }


def _deviation(deviation: Deviation) -> dict[str, Any]:
    change = deviation.change
    return {
        "key": ".".join(change.path),
        "what": change.what,
        "from": value_words(change.before),
        "to": value_words(change.after),
        "recorded": deviation.recorded,
        "date": deviation.date or None,
        "reason": deviation.reason or None,
        "primary": deviation.primary,
    }
