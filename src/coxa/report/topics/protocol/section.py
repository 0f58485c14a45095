"""Whether the plan was locked, and what was changed since."""

from __future__ import annotations

from datetime import date

from coxa.report.document import Block, Card, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.protocol.deviations import deviations_table
from coxa.study import Study
from coxa.study.locking.deviations import Deviation, PlanStatus
from coxa.study.locking.lock import Lock

UNLOCKED = (
    "The plan was not locked. Nothing in this report shows whether its analyses were chosen before the data were seen."
)
SAME = "The plan of this report is the one that was locked: nothing of the protocol was changed."
OTHER_FILE = (
    "The study file is not the same, byte for byte: it differs in what is not of the protocol, such as comments, "
    "labels, or where the data are and how their codes are called."
)


def protocol_section(report: ReportRecord[Study]) -> Section:
    """Return when the plan was locked, the hashes, and every change since as a dated deviation."""
    status = report.status
    blocks: list[Block] = [Paragraph(_said(status, report.run.plan_sha256), answers=status.lock is not None)]
    if status.lock:
        blocks.append(Card("Lock", tuple(_dates(status.lock))))
        blocks.append(Card("SHA-256", tuple(_hashes(status.lock, report.run.plan_sha256))))
    if status.deviations:
        blocks.append(TableBlock(deviations_table(status)))
    blocks += [Paragraph(text) for text in recruitment_departures(report.study)]
    return Section("protocol", "Protocol and deviations", tuple(blocks))


def recruitment_departures(study: Study) -> list[str]:
    """Say where the dates of enrolment are outside the days that the plan set for it."""
    target = study.protocol.recruitment_target if study.protocol else None
    dates = study.protocol.dates if study.protocol else None
    if target is None or dates is None:
        return []
    said = []
    if dates.first_enrolment and dates.first_enrolment < target.first_day:
        early = _days(target.first_day, dates.first_enrolment)
        said.append(
            f"Enrolment began on {dates.first_enrolment}, {early} before its planned start ({target.first_day})."
        )
    if dates.last_enrolment and dates.last_enrolment > target.last_day:
        late = _days(dates.last_enrolment, target.last_day)
        said.append(f"Enrolment ended on {dates.last_enrolment}, {late} after its planned end ({target.last_day}).")
    return said


def _days(later: date, earlier: date) -> str:
    n = (later - earlier).days
    return "1 day" if n == 1 else f"{n} days"


def deviation_notes(report: ReportRecord[Study]) -> list[Block]:
    """Return what the summary says of changes that concern a primary analysis; a warning where not recorded."""
    primary = [deviation for deviation in report.status.deviations if deviation.primary]
    recorded = [deviation for deviation in primary if deviation.recorded]
    unrecorded = [deviation for deviation in primary if not deviation.recorded]
    notes: list[Block] = []
    if unrecorded:
        text = f"Changed since the plan was locked, and not recorded as an amendment: {_listed(unrecorded)}."
        notes.append(Paragraph(f"Warning on the protocol: {text}", "warning"))
    if recorded:
        notes.append(Paragraph(f"Amended since the plan was locked, with a date and a reason: {_listed(recorded)}."))
    return notes


def _said(status: PlanStatus, plan_sha256: str) -> str:
    if status.lock is None:
        return UNLOCKED
    recorded, unrecorded = len(status.deviations) - len(status.unrecorded), len(status.unrecorded)
    parts = [f"{_counted(recorded)} recorded as an amendment"] if recorded else []
    parts += [f"{_counted(unrecorded)} not recorded"] if unrecorded else []
    said = f"The plan was changed after it was locked: {' and '.join(parts)}." if parts else SAME
    return said if unrecorded or status.lock.last.plan_sha256 == plan_sha256 else f"{said} {OTHER_FILE}"


def _dates(held: Lock) -> list[tuple[str, str]]:
    amendments = enumerate(held.entries[1:], start=1)
    return [
        ("Locked", f"{held.first.date}, with coxa {held.first.coxa}"),
        *((f"Amendment {number}", f"{entry.date}, with coxa {entry.coxa}") for number, entry in amendments),
    ]


def _hashes(held: Lock, plan_sha256: str) -> list[tuple[str, str]]:
    entry = held.last
    return [
        ("Study file as locked", entry.plan_sha256),
        ("Study file of this report", plan_sha256),
        ("Protocol as locked", entry.meaning_sha256),
        ("Last entry of the lock", entry.sha256),
    ]


def _listed(deviations: list[Deviation]) -> str:
    return "; ".join(dict.fromkeys(deviation.change.what for deviation in deviations))


def _counted(n: int) -> str:
    return "1 change" if n == 1 else f"{n} changes"
