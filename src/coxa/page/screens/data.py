"""What is wrong with plan and data, with the rows."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from coxa.cohort.disposition import COUNT_COLUMNS
from coxa.findings import Finding
from coxa.page.screens.common import desk_of, place_of, show
from coxa.sentences import sentence

MOST_ROWS = 200
"""Rows of a finding that are listed."""

TITLES = {"error": "To be corrected", "warning": "To be looked at", "note": "For the record"}
"""Severity of findings -> the heading above them."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a finding: its number in the file, whose it is, and the value that was found."""

    row: int | None
    person: str
    value: str


@dataclass(frozen=True, slots=True)
class Found:
    """A kind of finding, with its rows."""

    finding: Finding
    rule: str
    rows: tuple[FoundRow, ...]

    @property
    def where(self) -> str:
        """Table and column."""
        return ", ".join(part for part in (self.finding.table, self.finding.field or "") if part)


def findings(request: Request) -> Response:
    """Show every finding of the plan and of its data."""
    place = place_of(request)
    plan, checked = desk_of(request).checks.of(place)
    found = list(checked.findings) if checked else []
    if plan is not None and plan.plan is None:
        found = list(plan.faults)
    groups = {title: with_rows([one for one in found if one.severity == kind]) for kind, title in TITLES.items()}
    return show(
        request, "findings.html.j2", place, step="findings", checked=checked, count_columns=COUNT_COLUMNS,
        groups={title: members for title, members in groups.items() if members},
        errors=sum(one.n_rows for one in found if one.severity == "error"), most=MOST_ROWS,
    )  # fmt: skip


def with_rows(findings: list[Finding]) -> list[Found]:
    """Return one finding for each kind, with the rows of all that are like it."""
    kinds: dict[tuple[str | None, ...], list[Finding]] = {}
    for one in findings:
        kinds.setdefault((one.table, one.field, one.rule, one.remedy), []).append(one)
    return [Found(same[0], sentence(same[0].rule), tuple(_rows(same))) for same in kinds.values()]


def _rows(alike: list[Finding]) -> list[FoundRow]:
    rows = []
    for one in alike:
        numbers: tuple[int | None, ...] = one.rows or (one.row,)
        rows += [FoundRow(number, one.participant_id or "", one.value or "") for number in numbers]
    return [row for row in rows if row.row is not None or row.person or row.value]
