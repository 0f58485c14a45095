"""The random effects of participants in a linear mixed model: a table of their spread, and warnings in words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from coxa.models import Fit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.lmm import DAY
from coxa.tables.formats import NONE, cell
from coxa.tables.phrases import abbreviations
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

PARTICIPANT = "participant_id"
WEEK = 7.0
"""Days."""

ZERO = re.compile(rf"the variance of (Intercept|{DAY}) between levels of {PARTICIPANT} was estimated at zero")
MULTIPLE = (
    f"the effect {DAY} of {PARTICIPANT} was estimated to be a multiple of the effects before it (correlation 1 or -1)"
)
NAMES = {"Intercept": "intercepts", DAY: "slopes"}


def participant_effects_table(planned: PlannedAnalysis, fit: Fit) -> Table | None:
    """Return the SD of intercepts, of slopes per week and of the residual; None where participants have no effects."""
    if fit.random is None:
        return None
    parts = fit.variance_components
    mine = parts[parts["factor"] == PARTICIPANT]
    if mine.empty:
        return None
    sd = mine[mine["other"] == ""].set_index("effect")["sd"]
    both = mine.loc[mine["other"] != "", "correlation"]
    residual = float(parts.loc[parts["factor"] == "residual", "sd"].iloc[0])
    rows = [_row(planned, "Intercept of a participant", "participant intercept", float(sd["Intercept"]), list(both))]
    if DAY in sd:
        slope = WEEK * float(sd[DAY])
        rows.append(_row(planned, "Slope of a participant, per week", "participant slope", slope, more=1))
    rows.append(_row(planned, "Residual", "residual", residual))
    columns = (Column("SD"), *([Column("Correlation with slope")] if DAY in sd else []))
    shown = tuple(Row(row.label, row.cells[: len(columns)]) for row in rows)
    notes = (Footnote(text) for text in _notes(planned, columns, slopes=DAY in sd))
    title = "Random effects and residual"
    return Table(
        identifier("variances", planned.name),
        title,
        "Source of variance",
        columns,
        (RowGroup("", shown),),
        tuple(notes),
    )


def participant_warning(text: str) -> str:
    """Return a warning of a linear mixed model in the words of a report.

    Examples
    --------
    >>> participant_warning("the variance of study_day between levels of participant_id was estimated at zero")
    'the variance of the slopes of participants was estimated at zero'
    """
    said = ZERO.sub(lambda found: f"the variance of the {NAMES[found[1]]} of participants was estimated at zero", text)
    return said.replace(MULTIPLE, "the correlation of intercepts and slopes of participants was estimated at 1 or -1")


def _row(
    planned: PlannedAnalysis, label: str, term: str, sd: float, correlation: Sequence[float] = (), more: int = 0
) -> Row:
    at = Statistic("", math.nan, planned.estimand_name, planned.name, f"{term} random effect", "", "")
    cells = [cell("sd", {"sd": sd}, at, planned.decimals + more)]
    cells += [cell("correlation", {"correlation": float(value)}, at) for value in correlation] or [Cell(NONE)]
    return Row(label, tuple(cells))


def _notes(planned: PlannedAnalysis, columns: tuple[Column, ...], *, slopes: bool) -> Iterator[str]:
    if slopes:
        yield "The intercept is a participant's deviation on day 0, the slope that of the change per week."
    yield f"SD in {planned.unit}. {abbreviations(str(column.label) for column in columns)}"
