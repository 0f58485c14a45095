"""Responders by arm at each visit: counts, risk differences, and numbers needed to treat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.derive.responder import responder_status
from coxa.estimates import compare_proportions
from coxa.estimates.exact_proportions import MOST_TABLES
from coxa.estimates.proportions import comparison
from coxa.estimates.two_proportions import Limits
from coxa.report.topics.analyses.number_needed import NEEDED, needed_cell
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy
from coxa.study.important import responder_rules
from coxa.study.outcome import Responder
from coxa.study.wording import rule_words
from coxa.tables.formats import NONE, cell, share
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

ANALYSIS = "responders_by_visit"

LIMITS: dict[str, tuple[str, str, str]] = {
    "newcombe": ("Newcombe's intervals", "by Newcombe's method", ""),
    "miettinen-nurminen": (
        "Miettinen and Nurminen's score intervals",
        "score limits by Miettinen and Nurminen",
        "miettinen-nurminen",
    ),
    "exact": (
        "exact unconditional intervals by the score statistic",
        "exact, by the score statistic",
        "exact-proportions",
    ),
}
"""Limits of a difference -> what they are called in the methods section, and in a note; what the first cites."""

TOO_LARGE = ", or score limits where arms are too large for exact ones"


@dataclass(frozen=True, slots=True)
class Response:
    """Who responds by one rule, and how those without a value are counted.

    outcome, rule    : of the plan
    higher_is_better : direction of the outcome
    dataset          : rows of the estimand that the values are of, or as recorded without an estimand
    arms             : what is compared, the reference first
    endpoint         : visits that the estimand names; without one the last visit
    missing          : observed (left out) or non_responder
    said_by          : the analysis of the plan that says so; empty where none does, and missing ones are left out
    conf_level       : of intervals of differences
    limits           : of differences, as the first analysis of proportions of the estimand has them; else Newcombe's
    """

    outcome: str
    rule: Responder
    higher_is_better: bool
    dataset: AnalysisDataset
    arms: tuple[str, ...]
    endpoint: tuple[str, ...]
    missing: str
    said_by: str
    conf_level: float
    limits: Limits = "newcombe"

    @property
    def status(self) -> pd.DataFrame:
        """participant_id, arm, visit, responder (1, 0 or missing); one row per participant of the set and visit."""
        found = responder_status(self.dataset.frame, self.rule, self.higher_is_better).mask(self.never, 0.0)
        frame = self.dataset.frame[["participant_id", "arm", "visit"]].astype({"arm": str, "visit": str})
        return frame.assign(responder=found)

    @property
    def never(self) -> pd.Series:
        """Whether an event with a composite strategy came before, after which nobody is a responder."""
        return self.dataset.frame["handled"].fillna("").astype(str).str.startswith("composite")


def responses(
    study: ComparativeStudy, datasets: Mapping[str, AnalysisDataset], observed: Mapping[str, AnalysisDataset]
) -> list[Response]:
    """Return every rule by which responders are counted, on the data of the estimand that fits it best.

    That is the first one about response in the outcome, or else the first about the outcome. An outcome without an
    estimand is counted as recorded.

    Parameters
    ----------
    study
        The plan.
    datasets
        Estimand -> its rows.
    observed
        Outcome without an estimand -> its rows as recorded.
    """
    found = []
    for outcome, plan in study.outcomes.items():
        of_outcome = [name for name in datasets if study.estimands[name].endpoint.outcome == outcome]
        rules = responder_rules(outcome, plan, study.report)
        higher = study.scale(outcome).higher_is_better
        if not of_outcome:
            if outcome in observed:
                found += [_as_recorded(study, outcome, rule, higher, observed[outcome]) for rule in rules]
            continue
        about = [name for name in of_outcome if study.estimands[name].endpoint.measure == "responder"]
        estimand = (about or of_outcome)[0]
        planned = next((one for one in study.planned_analyses if one.estimand_name in about), None)
        analysis = planned.name if planned else ""
        missing = planned.analysis.option("missing_response", "observed") if planned else "observed"
        level = planned.analysis.conf_level if planned else 0.95
        arms, endpoint = _asked(study, estimand)
        rows, limits = datasets[estimand], _limits(study, estimand)
        found += [
            Response(outcome, rule, higher, rows, arms, endpoint, missing, analysis, level, limits) for rule in rules
        ]
    return found


def _limits(study: ComparativeStudy, estimand: str) -> Limits:
    """Return the limits of differences that the first analysis of an estimand with such an option asks for."""
    asked = (one.analysis.option("limits") for one in study.planned_analyses if one.estimand_name == estimand)
    return next((limits for limits in asked if limits), "newcombe")


def difference_of(response: Response, own: Count, other: Count) -> dict[str, float]:
    """Return the difference of two proportions with the limits of the plan; score limits where exact take too long."""
    cells, level = ((own.n, own.total), (other.n, other.total)), response.conf_level
    if response.limits == "newcombe":
        row = comparison(*cells, level)[0]
    else:
        limits = "miettinen-nurminen" if too_many(response, own, other) else response.limits
        found = compare_proportions(*cells, limits=limits, conf_level=level).only(term="risk_difference").frame
        row = {str(name): value for name, value in found.iloc[0].items()}
    return {name: float(row[name]) for name in ("estimate", "conf_low", "conf_high")}


def too_many(response: Response, own: Count, other: Count) -> bool:
    """Return whether exact limits are asked for and would count through too many tables."""
    return response.limits == "exact" and (own.total + 1) * (other.total + 1) > MOST_TABLES


def _asked(study: ComparativeStudy, estimand: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the arms that an estimand compares, in the plan's order, the reference first, and its visits."""
    plan = study.estimands[estimand]
    against = plan.treatment.against
    compared = (arm for arm in study.arm_order if arm in plan.treatment.compare and arm != against)
    return (against, *compared), plan.endpoint.visit


def _as_recorded(
    study: ComparativeStudy, outcome: str, rule: Responder, higher: bool, rows: AnalysisDataset
) -> Response:
    last = tuple(map(str, rows.frame["visit"].cat.categories))[-1:]
    return Response(outcome, rule, higher, rows, study.arm_order, last, "observed", "", 0.95)


def responders_by_visit(study: ComparativeStudy, response: Response) -> Table:
    """Return responders by arm at each visit, with each compared arm's risk difference, and number needed to treat.

    Returns
    -------
    Table
        n/N (%) of responders, how many have no value, the difference in percentage points with the interval that the
        plan asks for (Newcombe's, if it does not), and in a trial the number needed with that interval inverted
        (`coxa.estimates.number_needed`).
    """
    arms, against = response.arms, response.arms[0]
    status, level = response.status, f"{100 * response.conf_level:g}%"
    groups = []
    visits = response.dataset.frame["visit"].cat.categories
    for visit in visits:
        counts = _counts(status, str(visit), response)
        rows = tuple(_row(study, response, str(visit), arm, against, counts) for arm in arms)
        mark = " (endpoint)" if visit in response.endpoint and len(visits) > 1 else ""
        groups.append(RowGroup(study.label("visits", visit) + mark, rows))
    columns = (
        Column("Responders, n/N (%)"),
        Column("No value, n"),
        Column(f"Difference, percentage points ({level} CI)"),
        *([Column(f"Number needed to treat ({level} CI)")] if study.words.allocates else []),
    )
    return Table(
        identifier("responders-by-visit", response.outcome, response.rule.measure, f"{response.rule.at_least:g}"),
        f"{study.label('outcomes', response.outcome)}: responders by {study.words.arm} and visit",
        study.words.arm.capitalize(),
        columns,
        tuple(groups),
        tuple(Footnote(text) for text in notes(study, response)),
        subtitle=f"A responder has {rule_words(study, response.outcome, response.rule)}",
    )


def notes(study: ComparativeStudy, response: Response) -> Iterator[str]:
    """Yield where the cut is from, who is counted, and what the numbers are."""
    rule = response.rule
    yield f"Source of the threshold: {rule.source or 'not stated in the plan'}."
    how = "No estimand is about this outcome; values are as recorded, those after intercurrent events among them"
    if response.dataset.estimand:
        estimand = mid_sentence(study.label("estimands", response.dataset.estimand))
        how = f"Intercurrent events as in the estimand: {estimand}"
    yield f"{missing_words(study, response)} {how}."
    limits = LIMITS[response.limits][1] + _exact_or_score(response)
    if not study.words.allocates:
        yield f"CI, confidence interval, {limits}. No adjustment."
        return
    yield (
        f"CI, confidence interval, {limits}. {NEEDED.format(more='one more response', less='one less')} No adjustment."
    )


def _exact_or_score(response: Response) -> str:
    """Return what is said where exact limits are asked for and some are by the score."""
    status, visits = response.status, response.dataset.frame["visit"].cat.categories
    for visit in visits:
        against, *others = _counts(status, str(visit), response).values()
        if any(too_many(response, other, against) for other in others):
            return TOO_LARGE
    return ""


def missing_words(study: ComparativeStudy, response: Response) -> str:
    """Say how participants without a value are counted, and which analysis says so."""
    how = "count as no response" if response.missing == "non_responder" else "are left out"
    by = f", as in the analysis {study.label('analyses', response.said_by)}" if response.said_by else ""
    return f"Participants without a value at a visit {how}{by}."


@dataclass(frozen=True, slots=True)
class Count:
    """Responders, participants counted, and participants without a value."""

    n: int
    total: int
    missing: int


def response_counts(response: Response, visit: str) -> dict[str, Count]:
    """Return the responders of each arm at a visit, the reference first."""
    return _counts(response.status, visit, response)


def response_address(response: Response, visit: str, arm: str, reference: str = "") -> Statistic:
    """Return the address of the responders of an arm at a visit, or of what they differ by from the reference."""
    return Statistic(
        estimand=response.dataset.estimand,
        analysis=ANALYSIS,
        term=f"{response.outcome} {response.rule.measure} {response.rule.at_least:g}",
        visit=visit,
        arm=arm,
        reference=reference,
    )


def _counts(status: pd.DataFrame, visit: str, response: Response) -> dict[str, Count]:
    here = status[status["visit"] == visit]
    return {arm: _count(here[here["arm"] == arm], response.missing) for arm in response.arms}


def _count(rows: pd.DataFrame, missing: str) -> Count:
    known = int(rows["responder"].notna().sum())
    total = len(rows) if missing == "non_responder" else known
    return Count(int(rows["responder"].sum()), total, len(rows) - known)


def _row(
    study: ComparativeStudy, response: Response, visit: str, arm: str, against: str, counts: Mapping[str, Count]
) -> Row:
    own, other = counts[arm], counts[against]
    at = response_address(response, visit, arm)
    total = {"n": own.n, "total": own.total, "share": share(own.n, own.total)}
    cells = [
        cell("count_of_percent", total, at),
        cell("count", {"n": own.missing}, replace(at, term=f"{at.term} missing")),
    ]
    needed = study.words.allocates
    if arm == against:
        return Row(f"{study.label('arms', arm)} (reference)", (*cells, *(Cell(""),) * (1 + needed)))
    if not own.total or not other.total:
        return Row(study.label("arms", arm), (*cells, *(Cell(NONE),) * (1 + needed)))
    limits = difference_of(response, own, other)
    compared = response_address(response, visit, arm, against)
    cells.append(cell("points_interval", limits, compared))
    if needed:
        cells.append(needed_cell(*limits.values(), at=compared))
    return Row(study.label("arms", arm), tuple(cells))
