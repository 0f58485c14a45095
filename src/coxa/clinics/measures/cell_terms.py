"""Levels by which patients are alike, and a logistic model of their cells as SQL over a row of episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from coxa.audit.casemix.cells import CellFit, fit_cells
from coxa.clinics.measures.cells import Term
from coxa.clinics.measures.groups import band_labels, bands_sql, key_of
from coxa.episodes.columns import quoted
from coxa.episodes.episodes import Episodes
from coxa.errors import FitError
from coxa.study.audit.plan import CLINIC, CONDITION, AuditPlan

INTAKE = "intake score"
FIFTHS = (0.2, 0.4, 0.6, 0.8)


def terms_of(episodes: Episodes, outcome: str, where: str, *, clinic: bool, adjusters: bool) -> list[Term]:
    """Return intake score in fifths, condition, and the descriptors, in bands if they are numbers; clinics on request.

    Parameters
    ----------
    episodes
        The episodes.
    outcome
        Whose intake score counts.
    where
        The episodes from which fifths are taken, as SQL.
    clinic
        Whether the clinic is a term.
    adjusters
        Whether only descriptors that are adjusted for are terms; all of them otherwise.
    """
    plan = episodes.plan
    names = list(plan.adjusters if adjusters else plan.descriptors)
    unbanded = [name for name in names if plan.descriptors[name].type == "number" and not plan.descriptors[name].bands]
    numbers = {INTAKE: quoted(f"{outcome}_intake"), **{name: quoted(name) for name in unbanded}}
    cuts = fifths(episodes, list(numbers.values()), where)
    banded = {
        name: Term(name, bands_sql(column, own), band_labels(own), column, own)
        for (name, column), own in zip(numbers.items(), cuts, strict=True)
    }
    order = [INTAKE, *([CLINIC] if clinic else []), CONDITION, *names]
    return [banded.get(name) or _term(plan, name) for name in order]


def _term(plan: AuditPlan, name: str) -> Term:
    key, part = key_of(plan, name), plan.descriptors.get(name)
    if part is not None and part.type == "number":
        return Term(name, key.sql, key.order, quoted(name), tuple(map(float, part.bands)))
    return Term(name, key.sql, key.order)


def fifths(episodes: Episodes, columns: Sequence[str], where: str) -> list[tuple[float, ...]]:
    """Return the limits between fifths of numbers, each once, to six digits."""
    shares = f"ARRAY[{', '.join(map(str, FIFTHS))}]"
    wanted = [f"PERCENTILE_CONT({shares}) WITHIN GROUP (ORDER BY {name}) AS q{i}" for i, name in enumerate(columns)]
    row = episodes.query(f"SELECT {', '.join(wanted)} FROM episodes WHERE {where}").iloc[0]
    limits = ([] if own is None or np.ndim(own) == 0 else list(own) for own in row)
    return [tuple(sorted({float(f"{float(value):.6g}") for value in own if pd.notna(value)})) for own in limits]


def fit_terms(cells: pd.DataFrame, terms: Sequence[Term], events: str = "events") -> tuple[CellFit, list[str]]:
    """Return the logistic model of cells; terms whose levels are the same patients as others' are left out, and noted.

    Raises
    ------
    FitError
        All or none have the event, or the terms tell exactly who has it.
    """
    names = [term.name for term in terms if cells[term.name].nunique() > 1]
    notes: list[str] = []
    with suppress(FitError):  # nearly always all terms can be estimated, and one fit is enough
        return fit_cells(cells, "tries", events, names), []
    for name in list(names):
        place = names.index(name)
        try:
            fit_cells(cells, "tries", events, names[: place + 1])
        except FitError as error:
            if "same patients" not in error.message:
                raise
            names.remove(name)
            notes.append(f"`{name}` is left out: its levels are the same patients as those of other terms.")
    return fit_cells(cells, "tries", events, names), notes


def logit_sql(fit: CellFit, terms: Sequence[Term]) -> tuple[str, Mapping[str, str]]:
    """Return the logit of the model as SQL over a row of episodes, and the values of its parameters."""
    parts, values = [repr(float(fit.intercept))], dict[str, str]()
    sql = {term.name: term.sql for term in terms}
    for name, estimates in fit.estimates().items():
        whens = []
        for level, estimate in estimates.items():
            if estimate == 0.0:
                continue
            code = f"cell_{len(values)}"
            values[code] = level
            whens.append(f"WHEN :{code} THEN ({float(estimate)!r})")
        if whens:
            parts.append(f"CASE {sql[name]} {' '.join(whens)} ELSE 0.0 END")
    return f"CAST({' + '.join(parts)} AS DOUBLE PRECISION)", values
