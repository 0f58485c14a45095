"""An audit without the numbers that are hidden: what every page, table and file is written from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.clinics.audit import Audit, CaseMix, Completeness, Dimensions, Rates, Shares
from coxa.clinics.publishing.rare import counted_as, published_rare, published_stretches
from coxa.clinics.publishing.series import published_series
from coxa.clinics.publishing.shown import Shown
from coxa.clinics.publishing.tables import in_model, people_of
from coxa.study.audit.plan import CLINIC, THERAPIST
from coxa.study.audit.rare import WORSE

COUNTED = ("eligible", "asked", "intake", "due", "done", "of", "of_done", "forms", "intakes")
LOST = ("n_lost", "lost_low", "lost_high")
JOINED = re.compile(r"\s*Levels of [^.]* with few episodes [^.]*\.?")
"""The sentence of a method that names levels with few patients."""

HIDDEN_EVENTS = "How many events there are is hidden, or they are too frequent for charts of rare events."


def hidden_audit(audit: Audit, shown: Shown, k: int) -> Audit:
    """Return an audit with NaN for each number that is hidden, and for each that gives a hidden one away.

    Findings are left out, as they name patients and rows; so are rare events, of which each row is one patient.
    """
    return replace(
        audit,
        completeness=_completeness(audit.completeness, shown),
        case_mix={name: _case_mix(name, found, audit, shown, k) for name, found in audit.case_mix.items()},
        shares=tuple(_share(one, people_of(audit, one), shown) for one in audit.shares),
        rates=tuple(_rate(one, shown) for one in audit.rates),
        series=published_series(audit, shown),
        periods=_periods(audit.periods, shown),
        rare=published_rare(audit, shown),
        stretches=published_stretches(audit, shown),
        literature=_literature(audit.literature, shown),
        without=_without(audit, shown),
        findings=type(audit.findings)(),
        disposition=replace(audit.disposition, left_out=audit.disposition.left_out.iloc[:0]),
    )


def without_numbers(
    frame: pd.DataFrame, hidden: np.ndarray, kept: Sequence[str], names: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a frame whose hidden rows have only the columns that are kept; numbers are NaN and words empty.

    `names` restricts what is emptied to some columns.
    """
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if name in kept or (names and name not in names):
            columns[name] = values
        elif pd.api.types.is_numeric_dtype(values):
            columns[name] = values.astype(float).mask(hidden)
        else:
            columns[name] = values.astype(object).mask(hidden, "")
    return pd.DataFrame(columns, index=frame.index)


def _completeness(found: Completeness, shown: Shown) -> Completeness:
    counts = {dimensions: _counts(dimensions, groups, shown) for dimensions, groups in found.counts.items()}
    weights = found.weights
    if len(weights) and CLINIC in weights:
        seen = shown.column("of_done", weights, [CLINIC]) + shown.column("of", weights, [CLINIC])
        weights = without_numbers(weights, np.isnan(seen), [CLINIC])
    return replace(found, counts=counts, weights=weights, terms=found.terms.iloc[:0])


def _counts(dimensions: Dimensions, groups: pd.DataFrame, shown: Shown) -> pd.DataFrame:
    """Return the counts of groups as they are shown; of patients only the number of all."""
    columns = {
        name: shown.column(name, groups, dimensions) if name in COUNTED else groups[name] for name in groups.columns
    }
    frame = pd.DataFrame(columns, index=groups.index)
    known = not dimensions and frame["eligible"].notna().all()
    return frame if known else frame.assign(patients=np.nan)


def _case_mix(outcome: str, found: CaseMix, audit: Audit, shown: Shown, k: int) -> CaseMix:
    if found.without:
        return found
    bands, therapists = found.calibration, _units(outcome, found.therapists, [CLINIC, THERAPIST], shown)
    return replace(
        found,
        n=shown.total(in_model(outcome)),
        calibration=bands if len(bands) and (bands["n"] >= k).all() else bands.iloc[:0],
        coefficients=_coefficients(found.coefficients, audit.completeness, shown),
        method=JOINED.sub("", found.method).strip(),
        clinics=_units(outcome, found.clinics, [CLINIC], shown),
        therapists=therapists if len(therapists) and therapists["n"].notna().any() else therapists.iloc[:0],
    )


def _coefficients(frame: pd.DataFrame, counted: Completeness, shown: Shown) -> pd.DataFrame:
    """Return the coefficients in the order of their names, without those of a category of which a count is hidden.

    Standard errors tell how many patients a level and the reference have, and so does the order by size.
    """
    hidden = {
        term
        for (term, *more), groups in ((names, table) for names, table in counted.counts.items() if names)
        if not more and np.isnan(shown.column("of_done", groups, [term])).any()
    }
    kept = frame[~(frame["term"].isin(hidden) & (frame["level"] != ""))]
    order = {term: place for place, term in enumerate(kept["term"].unique())}
    sort = kept.assign(place=kept["term"].map(order)).sort_values(["place", "level"], kind="stable")
    return sort.drop(columns="place").reset_index(drop=True)


def _without(audit: Audit, shown: Shown) -> dict[str, str]:
    """Return the reasons why parts are not there; of rare events nothing where their number is hidden."""
    reasons = dict(audit.without)
    for event in (WORSE, *audit.plan.rare_events):
        if np.isnan(shown.total(counted_as(audit, event).measure)):
            reasons[event] = HIDDEN_EVENTS
    return reasons


def _units(outcome: str, frame: pd.DataFrame, dimensions: list[str], shown: Shown) -> pd.DataFrame:
    """Return clinics or therapists without the numbers of those whose number of people is hidden."""
    if not len(frame):
        return frame
    n = shown.column(in_model(outcome), frame, dimensions)
    frame = without_numbers(frame.assign(n=n), np.isnan(n), dimensions)
    lost = shown.column("of", frame, dimensions) - n  # due, and the change is not known
    known = [name for name in LOST if name in frame]
    return without_numbers(frame.assign(n_lost=lost), np.isnan(lost), dimensions, known) if known else frame


def _share(one: Shares, people: str, shown: Shown) -> Shares:
    name = f"{one.outcome} {one.kind}"
    events, n = shown.total(name), shown.total(people)
    clinics = _fractions(one.clinics, name, people, shown)
    return replace(one, clinics=clinics, events=_both(events, n), n=n)


def _rate(one: Rates, shown: Shown) -> Rates:
    if one.of == "episodes":
        people = f"{one.name} of"
        events, n = shown.total(one.name), shown.total(people)
        clinics = _fractions(one.clinics, one.name, people, shown)
        return replace(one, clinics=clinics, events=_both(events, n), n=n)
    eligible = shown.column("eligible", one.clinics, [CLINIC])
    frame = without_numbers(one.clinics, np.isnan(eligible), [CLINIC])
    return replace(one, clinics=frame.assign(episodes=eligible) if "episodes" in frame else frame)


def _fractions(frame: pd.DataFrame, name: str, people: str, shown: Shown) -> pd.DataFrame:
    """Return a frame of events among people by clinic, with what is shown of both.

    What is expected, the limits and the positions come from the share of all, and are shown where that is.
    """
    if not len(frame):
        return frame
    events, n = shown.column(name, frame, [CLINIC]), shown.column(people, frame, [CLINIC])
    hidden = np.isnan(events) | np.isnan(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        frame = frame.assign(events=events, share=events / n)
    if "episodes" in frame:
        frame = frame.assign(episodes=shown.column("eligible", frame, [CLINIC]))
    if not np.isfinite(shown.total(name)) or not np.isfinite(shown.total(people)):
        frame = without_numbers(frame, np.ones(len(frame), dtype=bool), [CLINIC, "n", "episodes", "events", "share"])
    return without_numbers(frame, hidden, [CLINIC, "n", "episodes"]).assign(n=n)


def _both(count: float, other: float) -> float:
    """Return a count; NaN, never 0, where it or the one that it belongs to is hidden."""
    return count if np.isfinite(other) else np.nan


def _literature(frame: pd.DataFrame, shown: Shown) -> pd.DataFrame:
    """Return published changes next to the own one with its number of people, where that is shown."""
    if not len(frame):
        return frame
    n = np.array([shown.total(in_model(str(outcome))) for outcome in frame["outcome"]])
    return frame.assign(own_n=n, own_change=frame["own_change"].where(np.isfinite(n)))


def _periods(periods: pd.DataFrame, shown: Shown) -> pd.DataFrame:
    columns: Mapping[str, object] = {
        str(name): periods[name] if name in (CLINIC, "period") else shown.column(str(name), periods, [CLINIC, "period"])
        for name in periods.columns
        if name != "patients"
    }
    return pd.DataFrame(columns, index=periods.index)
