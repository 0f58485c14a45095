"""Weights that let patients with an outcome speak for similar ones without."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.audit.casemix.cells import CellFit, cell_weights
from coxa.clinics.measures.cell_terms import fit_terms, logit_sql, terms_of
from coxa.clinics.measures.cells import cells_of
from coxa.clinics.measures.model_sums import Weight
from coxa.clinics.measures.reached import changed_sql
from coxa.episodes.columns import quoted
from coxa.episodes.episodes import Episodes
from coxa.errors import FitError
from coxa.study.audit.plan import CLINIC

CAP = 10.0
"""Largest weight: no patient speaks for more than ten."""

ALL = "all"
WEIGHTS = (CLINIC, "lowest", "highest", "effective_n", "n_seen", "n_due", "n_capped")
TERMS = ("term", "level", "n_due", "n_done")


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weights of those whose change is known, among those who were due and have an intake score.

    weights : clinic (`all` in the first row), lowest, highest, effective_n, n_seen, n_due, n_capped
    terms   : what the weights depend on: term, level, n_due, n_done
    weight  : the weight of an episode as SQL, for `case_mix`; None where there are none
    notes   : terms that were left out and levels that were joined, in sentences
    without : why there are no weights; empty where there are
    """

    weights: pd.DataFrame
    terms: pd.DataFrame
    weight: Weight | None
    notes: tuple[str, ...] = ()
    without: str = ""


def loss_weights(episodes: Episodes, outcome: str | None = None, *, cap: float = CAP) -> LossWeights:
    """Return weights 1 / p, p being the chance that the change of a patient is known.

    Parameters
    ----------
    episodes
        The episodes; those that were due, eligible and have an intake score are counted.
    outcome
        Of the plan; the main one unless given.
    cap
        Largest weight.

    Returns
    -------
    LossWeights

    Notes
    -----
    A logistic model, without interactions, of clinic, intake score in fifths, condition and the descriptors in bands
    (`coxa.audit.fit_cells`). It protects against differences that these explain, and against no other.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> sex = {"type": "category", "levels": ["f", "m"]}
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}, "descriptors": {"sex": sex}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> day = pd.to_datetime("2025-01-07")
    >>> rows = pd.DataFrame({"sex": list("ffffmm"), "pain_discharge": [3.0, 3, 3, None, 2, None]})
    >>> rows = rows.assign(clinic="A", pain_intake=6.0, intake_date=day, discharge_date=day)
    >>> found = loss_weights(episodes_of_frame(plan, rows, data_cut=pd.Timestamp("2025-12-31")))
    >>> found.weights[["clinic", "lowest", "highest", "n_seen", "n_due"]].round(2).values.tolist()
    [['all', 1.33, 2.0, 4, 6], ['A', 1.33, 2.0, 4, 6]]
    """
    outcome = outcome or episodes.plan.main
    where = f"eligible AND due AND {quoted(f'{outcome}_intake')} IS NOT NULL"
    terms = terms_of(episodes, outcome, where, clinic=True, adjusters=False)
    found = cells_of(episodes, terms, {"events": changed_sql(outcome)}, where)
    cells, used = found.frame, found.terms
    due, seen = int(cells["tries"].sum()), int(cells["events"].sum())
    if not 0 < seen < due:
        return _nothing(_reason(seen, due))
    try:
        fit, same = fit_terms(cells, used)
    except FitError as error:
        return _nothing(f"Weights for lost patients cannot be had: {error.message}.")
    logit, values = logit_sql(fit, used)
    return LossWeights(
        weights=_by_clinic(fit, cells, cap),
        terms=fit.terms.rename(columns={"tries": "n_due", "events": "n_done"})[list(TERMS)],
        weight=Weight(f"LEAST(1.0 + EXP(-{logit}), {float(cap)!r})", values),
        notes=(*found.notes, *same, *fit.notes),
    )


def _by_clinic(fit: CellFit, cells: pd.DataFrame, cap: float) -> pd.DataFrame:
    """Return what the weights are like, of all and of each clinic."""
    parts = {ALL: cells}
    if CLINIC in cells:
        parts |= {str(name): part for name, part in cells.groupby(CLINIC, sort=True)}
    rows = []
    for name, part in parts.items():
        found = cell_weights(fit, part, "tries", "events", cap=cap)
        rows.append({CLINIC: name, **{column: getattr(found, column) for column in WEIGHTS[1:]}})
    return pd.DataFrame(rows, columns=list(WEIGHTS))


def _reason(seen: int, due: int) -> str:
    if not due:
        return "No questionnaire at discharge was due of a patient with an intake score, so that there are no weights."
    if not seen:
        return "No patient who was due has an outcome, so that there are no weights."
    return "Every patient who was due has an outcome, so that no weights are used."


def _nothing(reason: str) -> LossWeights:
    return LossWeights(pd.DataFrame(columns=list(WEIGHTS)), pd.DataFrame(columns=list(TERMS)), None, (), reason)
