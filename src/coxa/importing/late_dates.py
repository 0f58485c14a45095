"""Dates after the day of the export: the plan of an earlier month may have an earlier day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from coxa.findings import Finding
from coxa.importing.dates import DATE_LIKE, one_day
from coxa.importing.files import read_tables
from coxa.importing.profile import ColumnProfile
from coxa.study.audit.lines import key_clause, sentence
from coxa.study.audit.plan import AuditPlan

DATA_CUT = "data_cut"

WEEKS = 14
"""Dates so many weeks after the day of the export are those of a later export, of a quarter at most."""


def late_dates(plan: AuditPlan, path: Path | None, columns: Iterable[ColumnProfile]) -> Iterator[Finding]:
    """Yield that dates are after the plan's day of export, with the day that the title of the file or its dates give.

    Parameters
    ----------
    path
        The file; its title is looked at where the plan says that its header is not the first row.
    columns
        Its columns of dates that are no days of birth.
    """
    if plan.data_cut is None or path is None:
        return
    latest = max((date.fromisoformat(one.days[1]) for one in columns if one.days), default=plan.data_cut)
    if latest <= plan.data_cut:
        return
    titled = _day_of_title(plan, path)
    near = latest <= plan.data_cut + timedelta(weeks=WEEKS)
    if titled is not None and titled > plan.data_cut:
        day, why = titled, f"the title of the file says {titled}"
    elif near:
        day, why = latest, f"the latest of them is {latest}"
    else:
        return
    remedy = f"{sentence(why)}: {key_clause(plan, (DATA_CUT,), day)}, if that is the day of the export."
    rule = f"dates are after {plan.data_cut}, the data cut of the plan"
    yield Finding("warning", path.name, rule, remedy, field=DATA_CUT, value=day.isoformat())


def day_of_title(title: str, formats: Iterable[str]) -> date | None:
    """Return the day in the title of a file, where it has one that can be read in one way.

    Examples
    --------
    >>> day_of_title("Outcome register, export 03/11/2025 17:42", ["%d/%m/%Y"]).isoformat()
    '2025-11-03'
    """
    texts = [text for text in re.split(r"[\s,;]+", title) if DATE_LIKE.match(text)]
    days = {day for text in texts if (day := one_day(text, formats)) is not None}
    return days.pop() if len(days) == 1 else None


def _day_of_title(plan: AuditPlan, path: Path) -> date | None:
    if plan.data.header_row is None or plan.data.header_row in (1, (1,)):
        return None
    wanted = str(plan.data.sheet) if isinstance(plan.data.sheet, str) else None
    tables = [each for each in read_tables([path]).tables if wanted in (None, each.sheet)]
    return day_of_title(tables[0].title, plan.data.date_format or ()) if tables else None
