"""Patients who improve by what they call important, reach a state they call acceptable, or become worse: by clinic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from coxa.audit.funnel import funnel_proportions
from coxa.clinics.audit import Shares
from coxa.clinics.measures.cell_terms import fit_terms, terms_of
from coxa.clinics.measures.cells import cells_of
from coxa.clinics.measures.groups import grouped, key_of
from coxa.clinics.measures.reached import Kind, changed_sql, kinds_of, reached_sql
from coxa.episodes.episodes import Episodes
from coxa.errors import FitError
from coxa.study.audit.plan import CLINIC

FEWEST = 30
"""Episodes below which nothing is expected by the case mix."""

LIMITS = ("low_95", "high_95", "low_99.8", "high_99.8")
COLUMNS = (CLINIC, "events", "n", "share", "expected", "adjusted", *LIMITS, "position")


def shares(episodes: Episodes, outcome: str) -> tuple[Shares, ...]:
    """Return who reaches something, of every kind that the plan has a threshold for, and who becomes worse.

    Parameters
    ----------
    episodes
        The episodes; those whose change is known are counted.
    outcome
        Of the plan.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> rows = pd.DataFrame({"clinic": ["A", "A", "B"], "pain_intake": [5.0, 4, 7], "pain_discharge": [6.0, 2, 2]})
    >>> day = pd.to_datetime("2025-01-07")
    >>> tiny = episodes_of_frame(plan, rows.assign(intake_date=day, discharge_date=day), data_cut=day)
    >>> [(each.kind, each.events, each.n) for each in shares(tiny, "pain")]
    [('worse', 0, 0)]
    """
    return _shares(episodes, outcome, kinds_of(episodes.plan, outcome))


def share(episodes: Episodes, outcome: str, kind: Kind) -> Shares:
    """Return who reaches one thing, raw and adjusted for the case mix, with exact binomial limits.

    Parameters
    ----------
    episodes
        The episodes.
    outcome
        Of the plan.
    kind
        important, acceptable or worse; `worse` is by at least the important improvement, or at all without one.

    Notes
    -----
    Expected events are those of a logistic model of intake score in fifths, condition and descriptors in bands, without
    clinics. Adjusted: the share of all, times observed over expected events. Limits and position are those of the
    share of all; the position is that of the adjusted share, or of the raw one where nothing can be expected.
    """
    return _shares(episodes, outcome, (kind,))[0]


def _shares(episodes: Episodes, outcome: str, kinds: Sequence[Kind]) -> tuple[Shares, ...]:
    """Return several kinds, whose episodes are counted together."""
    where = changed_sql(outcome)
    events: dict[str, str] = {kind: reached_sql(episodes.plan, outcome, kind) for kind in kinds}
    counted = {kind: f"COUNT(*) FILTER (WHERE {event})" for kind, event in events.items()}
    frame = grouped(episodes, [(CLINIC,)], {**counted, "n": "COUNT(*)"}, where)[CLINIC,]
    frame = frame.astype(dict.fromkeys([*kinds, "n"], "int64"))
    expected = _expected(episodes, outcome, events, where) if frame["n"].sum() >= FEWEST else {}
    tables = {kind: frame[[CLINIC, "n"]].assign(events=frame[kind]) for kind in kinds}
    return tuple(_share(episodes, outcome, kind, table, expected.get(kind)) for kind, table in tables.items())


def _share(episodes: Episodes, outcome: str, kind: Kind, frame: pd.DataFrame, expected: pd.Series | None) -> Shares:
    """Return one kind of which the events are counted, and expected, by clinic."""
    events, n = int(frame["events"].sum()), int(frame["n"].sum())
    value, source = _threshold(episodes, outcome, kind)
    if not n:
        return Shares(outcome, kind, value, source, pd.DataFrame(columns=list(COLUMNS)), 0, 0)
    frame["share"] = frame["events"] / frame["n"]
    frame["expected"] = frame[CLINIC].map(expected).astype(float) if expected is not None else np.nan
    frame["adjusted"] = events / n * frame["events"] / frame["expected"].where(frame["expected"] > 0)
    frame = _limits(frame, events / n)
    return Shares(outcome, kind, value, source, frame[list(COLUMNS)], events, n)


def _threshold(episodes: Episodes, outcome: str, kind: Kind) -> tuple[float, str]:
    found = episodes.plan.threshold(outcome, "acceptable" if kind == "acceptable" else "important")
    return (found.value, found.source) if found else (float("nan"), "")


def _expected(episodes: Episodes, outcome: str, events: Mapping[str, str], where: str) -> dict[str, pd.Series]:
    """Return the expected events of each clinic, of the kinds of which there is a model; cells are counted once."""
    terms = terms_of(episodes, outcome, where, clinic=False, adjusters=True)
    found = cells_of(episodes, terms, events, where, clinic=key_of(episodes.plan, CLINIC).sql)
    cells, by_clinic = found.frame, found.by_clinic
    expected: dict[str, pd.Series] = {}
    for kind in events:
        if not 0 < cells[kind].sum() < cells["tries"].sum():
            continue
        with suppress(FitError):
            fit, _ = fit_terms(cells, found.terms, kind)
            chances = by_clinic["tries"] * fit.probability[by_clinic["cell"].to_numpy()]
            expected[kind] = chances.groupby(by_clinic[CLINIC]).sum()
    return expected


def _limits(frame: pd.DataFrame, target: float) -> pd.DataFrame:
    """Add exact limits at the share of all, and the position of the adjusted share."""
    if not 0 < target < 1:
        return frame.assign(**dict.fromkeys(LIMITS, target), position="within")
    funnel = funnel_proportions(frame["events"], frame["n"], target=target)
    for name in LIMITS:
        frame[name] = funnel.frame[name.replace(".", "_")].to_numpy()
    value = frame["adjusted"].fillna(frame["share"])
    low, high = value < frame[LIMITS[2]], value > frame[LIMITS[3]]
    return frame.assign(position=np.select([low, high], ["low", "high"], "within"))
