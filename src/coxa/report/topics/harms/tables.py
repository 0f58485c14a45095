"""Harms by arm: risks, events and their rates, and a list by term (CONSORT 2025, item 27)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from coxa.derive.harms import LIGHT, NOT_RECORDED, Harms
from coxa.estimates.proportions import comparison
from coxa.estimates.rates import rate, rate_ratio
from coxa.report.topics.harms.notes import counted_notes, rate_notes
from coxa.report.topics.harms.sessions import untreated_arms
from coxa.study.comparative import ComparativeStudy
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, named_columns, share_cell
from coxa.tables.formats import cell
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

LEVEL = 0.95
SEVERITIES = ("mild", "moderate", "severe", NOT_RECORDED)
PER_SESSIONS = 100


@dataclass(frozen=True, slots=True)
class HarmRow:
    """One of the four kinds of harm that a report shows: its name, and its events."""

    term: str
    label: str
    events: pd.DataFrame


def harm_rows(harms: Harms) -> tuple[HarmRow, ...]:
    """Return expected soreness, flares, adverse events, and the serious ones of these; defined in `derive.harms`.

    Soreness and flares are left out where the data have no such event at all: they may not have been asked for. So are
    serious adverse events where no event says whether it was serious.
    """
    light = {"soreness": "Expected soreness", "flare": "Flare of symptoms"}
    serious = HarmRow("serious_adverse_event", "Serious adverse event", harms.of("adverse_event", serious=True))
    return (
        *(HarmRow(kind, light[kind], harms.of(kind)) for kind in LIGHT if kind in harms.recorded),
        HarmRow("adverse_event", "Adverse event", harms.of("adverse_event")),
        *([serious] if harms.serious_recorded else []),
    )


def harmed_people(study: ComparativeStudy, harms: Harms) -> list[tuple[str, tuple[Cell, ...]]]:
    """Return each kind of harm with the participants who had at least one, by arm received, as the table shows them."""
    sizes = harm_sizes(study, harms)
    return [(kind.label, _people_row(kind, sizes).cells) for kind in harm_rows(harms)]


def harms_table(study: ComparativeStudy, harms: Harms) -> Table:
    """Count participants with at least one harm, and harms, by arm received; risks against the reference arm.

    Returns
    -------
    Table
        For each kind: participants (%), with the risk difference and its Newcombe interval; events, by the severities
        that there were; those related to treatment; those that led to stopping it. Of a kind that nobody had, only the
        first row.
    """
    sizes, risks = harm_sizes(study, harms), harm_risks(study, harms)
    groups = [RowGroup(kind.label, tuple(_counted(study, harms, kind, sizes, risks))) for kind in harm_rows(harms)]
    against = study.label("arms", study.reference_arm)
    columns = (
        *named_columns(study, sizes, "harms", "safety set"),
        *(Column(study.label("arms", arm), spanner=f"Risk difference against {against}, percentage points (95% CI)")
          for arm in sizes if arm != study.reference_arm),
    )  # fmt: skip
    notes = tuple(Footnote(text) for text in counted_notes(study, harms))
    return Table("harms-by-arm", study.words.say("Harms by {arm}"), "Harm", columns, tuple(groups), notes)


def harm_rates_table(study: ComparativeStudy, harms: Harms) -> Table:
    """Return events per 100 supervised sessions attended and per person-year, with exact limits and rate ratios.

    There is no rate per session, and no ratio of it, of an arm whose sessions are not treatment.
    """
    sizes = harm_sizes(study, harms)
    exposure = harms.people.groupby("arm")[["years", "sessions"]].sum()
    years = {arm: float(exposure["years"].get(arm, 0.0)) for arm in sizes}
    sessions = {arm: float(exposure["sessions"].get(arm, 0.0)) for arm in sizes}
    others = [arm for arm in sizes if arm != study.reference_arm]
    blank, untreated = tuple(Cell("") for _ in others), untreated_arms(study)
    basis = [Row("Person-years of follow-up", (*_exposure("years", years, 1), *blank))]
    if harms.counted_sessions:
        basis.append(Row("Supervised sessions attended", (*_exposure("sessions", sessions, 0), *blank)))
    groups = [RowGroup("Exposure", tuple(basis))]
    for kind in harm_rows(harms):
        counts = {arm: int((kind.events["arm"] == arm).sum()) for arm in sizes}
        rows = [_rate_row("Per person-year", kind.term, "years", counts, years, 1, study.reference_arm)]
        if harms.counted_sessions:
            label = f"Per {PER_SESSIONS} sessions attended"
            treated = {arm: 0.0 if arm in untreated else n for arm, n in sessions.items()}
            rows.append(_rate_row(label, kind.term, "sessions", counts, treated, PER_SESSIONS, study.reference_arm))
        groups.append(RowGroup(kind.label, tuple(rows)))
    against = study.label("arms", study.reference_arm)
    columns = (
        *(Column(study.label("arms", arm), spanner="Rate (95% CI)") for arm in sizes),
        *(Column(study.label("arms", arm), spanner=f"Rate ratio against {against} (95% CI)") for arm in others),
    )
    notes = tuple(Footnote(text) for text in rate_notes(study, harms))
    return Table("harm-rates", "Rates of harms", "Harm", columns, tuple(groups), notes)


def harm_terms_table(study: ComparativeStudy, harms: Harms) -> Table:
    """List what happened in the words of the data, by kind: participants (%) and events of each arm."""
    sizes = harm_sizes(study, harms)
    groups = []
    for kind in harm_rows(harms):
        spelled = _spelled(kind.events["term"])
        order = kind.events.groupby(spelled).size().sort_index().sort_values(ascending=False, kind="stable")
        rows = [_term_row(kind, term, kind.events[spelled == term], sizes) for term in order.index]
        groups += [RowGroup(kind.label, tuple(rows))] if rows else []
    columns = tuple(
        column
        for arm in named_columns(study, sizes, "harms", "safety set")
        for column in (Column("Participants (%)", spanner=arm.label), Column("Events", spanner=arm.label))
    )
    note = Footnote(
        "Verbatim terms, not coded; terms that differ only in capitals and spaces are one row. Serious "
        "adverse events are included in the adverse events."
    )
    return Table("harm-terms", "What happened, by term", "Term", columns, tuple(groups), (note,))


def harm_sizes(study: ComparativeStudy, harms: Harms) -> dict[str, int]:
    """Return participants of the safety set by arm received, the reference first."""
    return {arm: int((harms.people["arm"] == arm).sum()) for arm in study.arm_order}


def harm_risks(study: ComparativeStudy, harms: Harms) -> pd.DataFrame:
    """Return risks and risk differences of the kinds of harm.

    Returns
    -------
    DataFrame
        term, label, arm, n (participants with at least one), total, estimate (their share), difference, conf_low,
        conf_high (against the reference arm; missing for that arm, and without participants in either).
    """
    sizes = harm_sizes(study, harms)
    rows = []
    for kind in harm_rows(harms):
        n = _participants(kind.events, sizes)
        for arm, total in sizes.items():
            rows.append(
                {
                    "term": kind.term,
                    "label": kind.label,
                    "arm": arm,
                    "n": n[arm],
                    "total": total,
                    "estimate": n[arm] / total if total else math.nan,
                    **_difference(arm, study.reference_arm, n, sizes),
                }
            )
    return pd.DataFrame(rows)


def _difference(arm: str, reference: str, n: dict[str, int], sizes: dict[str, int]) -> dict[str, float]:
    names = {"difference": "estimate", "conf_low": "conf_low", "conf_high": "conf_high"}
    if arm == reference or not sizes[arm] or not sizes[reference]:
        return dict.fromkeys(names, math.nan)
    found = comparison((n[arm], sizes[arm]), (n[reference], sizes[reference]), LEVEL)[0]
    return {name: float(found[of]) for name, of in names.items()}


def _participants(events: pd.DataFrame, sizes: dict[str, int]) -> dict[str, int]:
    counts = events.groupby("arm")["participant_id"].nunique()
    return {arm: int(counts.get(arm, 0)) for arm in sizes}


def _people_row(kind: HarmRow, sizes: dict[str, int]) -> Row:
    return _people(ByArm("harms", tuple(sizes)), "Participants, n (%)", kind.term, kind.events, sizes)


def _counted(
    study: ComparativeStudy, harms: Harms, kind: HarmRow, sizes: dict[str, int], risks: pd.DataFrame
) -> Iterator[Row]:
    others = [arm for arm in sizes if arm != study.reference_arm]
    rows, blank = ByArm("harms", tuple(sizes)), tuple(Cell("") for _ in others)
    first = _people_row(kind, sizes)
    compared = _differences(study, risks, kind, others)
    yield replace(first, cells=(*first.cells, *compared), strong=True)
    if len(kind.events):
        for row in _described(harms, kind, sizes, rows):
            yield replace(row, cells=(*row.cells, *blank))


def _differences(study: ComparativeStudy, risks: pd.DataFrame, kind: HarmRow, arms: list[str]) -> Iterator[Cell]:
    mine = risks[risks["term"] == kind.term].set_index("arm")
    for arm in arms:
        values = {"estimate": mine["difference"][arm], **{name: mine[name][arm] for name in ("conf_low", "conf_high")}}
        at = Statistic(analysis="harms", term=kind.term, arm=arm, reference=study.reference_arm)
        yield cell("points_interval", values, at)


def _described(harms: Harms, kind: HarmRow, sizes: dict[str, int], rows: ByArm) -> Iterator[Row]:
    """Yield events, severity, relation and stopping; what is recorded of no event is left out."""
    events, total = kind.events, kind.events.groupby("arm").size()
    yield rows.counts("Events", f"{kind.term}: events", total)
    if harms.lacking["severity"] < len(harms.events):
        for severity in SEVERITIES:
            n = events[events["severity"] == severity].groupby("arm").size()
            if len(n):
                yield rows.shares(f"{readable(severity)}, events (%)", f"{kind.term}, {severity}", n, total, 1)
    if harms.lacking["relatedness"] < len(harms.events):
        related = events[events["related"]]
        yield _people(rows, "Related, participants (%)", f"{kind.term}, related", related, sizes)
        yield rows.counts("Related, events", f"{kind.term}, related: events", related.groupby("arm").size())
    if harms.lacking["action"] < len(harms.events):
        stopped = events[events["stopped"]]
        yield _people(rows, "Led to stopping, participants (%)", f"{kind.term}, stopped", stopped, sizes)


def _people(rows: ByArm, label: str, term: str, events: pd.DataFrame, sizes: dict[str, int]) -> Row:
    return rows.shares(label, f"{term}: participants", _participants(events, sizes), sizes)


def _term_row(kind: HarmRow, term: str, events: pd.DataFrame, sizes: dict[str, int]) -> Row:
    n, counts = _participants(events, sizes), events.groupby("arm").size()
    cells: list[Cell] = []
    for arm, total in sizes.items():
        who, which = (
            Statistic(analysis="harm terms", term=f"{kind.term}, {term}: {what}", arm=arm)
            for what in ("participants", "events")
        )
        cells += [share_cell(n[arm], total, who), cell("count", {"n": counts.get(arm, 0)}, which)]
    return Row(term, tuple(cells), found=True)


def _spelled(terms: pd.Series) -> pd.Series:
    """Return each term in the spelling that is the most frequent among those that differ in capitals and spaces."""
    tidy = terms.astype(str).map(lambda text: " ".join(text.split()))
    folded = tidy.str.casefold()
    counts = tidy.groupby([folded, tidy]).size().rename_axis(["folded", "spelled"]).reset_index(name="n")
    first = counts.sort_values(["n", "spelled"], ascending=[False, True]).drop_duplicates("folded")
    return folded.map(first.set_index("folded")["spelled"]) if len(folded) else tidy


def _exposure(name: str, values: dict[str, float], decimals: int) -> Iterator[Cell]:
    for arm, value in values.items():
        rule = "number" if decimals else "count"
        yield cell(rule, {"n": value}, Statistic(analysis="harm rates", term=name, arm=arm), decimals)


def _rate_row(
    label: str, term: str, of: str, counts: dict[str, int], exposure: dict[str, float], per: float, reference: str
) -> Row:
    cells: list[Cell] = []
    for arm, n in counts.items():
        at = Statistic(analysis="harm rates", term=f"{term} by {of}", arm=arm)
        cells.append(_interval(rate(n, exposure[arm], per, LEVEL), at, [_events(term, arm, n)]))
    for arm, n in counts.items():
        if arm != reference:
            ratio = rate_ratio((n, exposure[arm]), (counts[reference], exposure[reference]), LEVEL)
            at = Statistic(analysis="harm rates", term=f"{term} by {of}", arm=arm, reference=reference)
            cells.append(_interval(ratio, at, [_events(term, side, counts[side]) for side in (arm, reference)]))
    return Row(label, tuple(cells))


def _events(term: str, arm: str, n: int) -> Statistic:
    """Return the events behind a rate, at their address in the table of harms by arm."""
    return Statistic("n", n, analysis="harms", term=f"{term}: events", arm=arm)


def _interval(row: dict[str, Any], at: Statistic, events: list[Statistic]) -> Cell:
    values = {name: float(row.get(name, math.nan)) for name in ("estimate", "conf_low", "conf_high")}
    return replace(cell("two_decimals_interval", values, at), made_from=tuple(events))
