"""Read the episodes of an audit: a file, a frame or a database; every problem a finding, every row accounted for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from coxa.arguments import Kind, kinds
from coxa.cohort.disposition import Disposition
from coxa.episodes.checks.draft import Draft
from coxa.episodes.checks.run import check_all, check_rows, check_together
from coxa.episodes.columns import column_types, quoted
from coxa.episodes.duck import open_duck
from coxa.episodes.episodes import Database, Episodes
from coxa.episodes.faults import account
from coxa.episodes.fields import EPISODES
from coxa.episodes.kept import kept_rows, settled
from coxa.episodes.reading import keep_rows
from coxa.episodes.relation import Failed
from coxa.episodes.sessions import check_sessions
from coxa.episodes.sources import Sources, keyed, read_sources, without_birth
from coxa.episodes.whole import NotRead
from coxa.findings import Finding, Findings
from coxa.frames import ColumnarFrame, Frame
from coxa.study.audit.plan import DATES, AuditPlan
from coxa.study.unanswered import waiting_findings

CHECKING = "checking"
"""The stage of an account."""

AUDIT = Kind((AuditPlan,), "the plan of an audit (`AuditPlan`)", "Read it first: `read_audit(path)`.")
DATA = Kind(
    (str, Path, pd.DataFrame, ColumnarFrame),
    "a path, or a frame of pandas, polars or pyarrow",
    'Give for example "episodes.csv".',
)


@kinds(plan=AUDIT, data=DATA)
def read_episodes(plan: AuditPlan, data: str | Path | Frame | None = None) -> Episodes:
    """Read, map and check the episodes of an audit.

    Parameters
    ----------
    plan
        The plan; its `data:` says where the episodes are and how columns and codes are named.
    data
        A file that replaces the plan's file or database, or a frame of pandas, polars or pyarrow. Not changed.

    Returns
    -------
    Episodes
        What could be used, the findings, and the account of every row. It never raises for what is in the data, or for
        a server that does not answer; `Episodes.require_clean` does.

    Examples
    --------
    >>> from coxa.study.audit.plan import AuditPlan
    >>> source = {"file": "episodes.csv", "scores": {"pain": {"intake": "first", "discharge": "last"}}}
    >>> parts = {"audit": "tiny", "title": "Tiny", "data": source, "outcomes": {"pain": {"instrument": "nprs"}}}
    >>> days = {"intake_date": ["2025-01-07", "2025-01-09"], "discharge_date": ["2025-03-07", None]}
    >>> rows = pd.DataFrame({"patient": ["01", "02"], "clinic": "A", "first": [7, 12], "last": [3, None], **days})
    >>> episodes = read_episodes(AuditPlan.model_validate(parts), rows)
    >>> [(each.row, each.field, each.rule) for each in episodes.findings.errors]
    [(2, 'pain_intake (first)', 'the value is outside the range of Pain, 0 to 10')]
    >>> episodes.query("SELECT patient, pain_intake, done FROM episodes ORDER BY patient")
      patient  pain_intake   done
    0      01          7.0   True
    1      02          NaN  False
    """
    opened: list[Database] = []
    try:
        return _checked(plan, read_sources(plan, Path(data) if isinstance(data, str) else data, opened))
    except (NotRead, Failed) as error:
        for database in opened:
            database.close()
        return _nothing(plan, error.findings if isinstance(error, NotRead) else (error.finding,))


def _nothing(plan: AuditPlan, findings: tuple[Finding, ...]) -> Episodes:
    """Return episodes without a row, and why there is none."""
    duck = open_duck()
    keep_rows(duck.connection, "source", column_types(plan), pd.DataFrame(index=pd.RangeIndex(0)))
    return Episodes(plan, duck, plan.data_cut or date.today(), Findings(findings))


def _checked(plan: AuditPlan, sources: Sources) -> Episodes:
    """Return the episodes that are used, with every finding and the account."""
    reading, sessions = without_birth(sources.episodes), sources.sessions
    draft = Draft(plan, reading, keyed(plan, sources), plan.data_cut or date.today())
    asked = waiting_findings(plan.origin.name, plan.origin.unanswered) if plan.origin else ()
    findings = [*asked, *reading.findings, *sources.findings, *(sessions.findings if sessions else ())]
    findings += check_sessions(draft, sessions) if sessions else []
    by_row, wrong = check_rows(draft)
    together, repeated = check_together(by_row)
    together = settled(by_row, together)
    disposition = reading.disposition + (sessions.disposition if sessions else Disposition())
    disposition += account(together.frame, CHECKING, EPISODES, reading.place)
    cut, note = _data_cut(by_row)
    kept = kept_rows(together, cut)
    findings += [*wrong, *repeated, *check_all(kept.draft), *note]
    places = (reading.source, *((sessions.source,) if sessions else ()))
    return Episodes(plan, kept.database, cut, Findings(tuple(dict.fromkeys(findings))), disposition, places)


def _data_cut(draft: Draft) -> tuple[date, list[Finding]]:
    """Return the day of the export: that of the plan, or the latest in the data, of which a note says so."""
    if draft.plan.data_cut:
        return draft.plan.data_cut, []
    names = [*DATES, *(f"{name}_date" for name in draft.plan.outcomes)]
    days = draft.frame(
        f"SELECT {', '.join(f'MAX({quoted(name)}) AS d{k}' for k, name in enumerate(names))} FROM {{rows}}"
    )
    latest = [pd.Timestamp(day).date() for day in days.iloc[0] if not pd.isna(day)]
    if not latest:
        return draft.last_day, []
    cut = max(latest)
    rule = f"the plan has no `data_cut`, so that the latest day in the data, {cut}, is taken for the day of the export"
    return cut, [draft.finding("note", rule, f"Write the day of the export, such as `data_cut: {cut}`.")]
