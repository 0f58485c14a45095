"""A number of events: rates, their ratio and difference, how many had how many, and whether the model fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.theme import WIDTH, arm_choice, arm_scales, chosen, options, themed, told
from coxa.models import GLMFit, fit_glm, overdispersion, zero_inflation
from coxa.models.glm.inflated_rates import InflatedRates, share_limits
from coxa.models.options import GLMFamily
from coxa.models.results.run import ModelRun
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.general import effects_table, forest_block, further
from coxa.report.topics.analyses.written import DRAWN
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import estimand_title
from coxa.tables.by_arm import share_cell
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import NONE, cell, counted
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import joined, prose, with_n
from coxa.tables.records import Record, records
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table, identifier

MOST = 6
"""Numbers of events with a row of their own; more are taken together."""

HEIGHT = 220

CHECKS = {
    "pearson": "Pearson's statistic over its degrees of freedom (1 expected)",
    "score": "More variable than Poisson's: score test",
    "zeros": "Participants without an event",
    "more_zeros": "More zeros than Poisson's: score test",
    "share": "Share of participants who can have no event (95% interval)",
    "inflated_zeros": "Participants without an event, by the model with that share",
}
OVERDISPERSED = (
    "The counts are more variable than Poisson's. Errors of `family: poisson` with `vcov: model` are then too small; "
    "use `negative_binomial`, `quasi-poisson`, or `vcov: HC3`."
)
NO_INFLATION = "Participants without an event, by the same model without that share"
ZEROS = (
    "The model does not have as many participants without an event as there are. Look at who has none, and why; a "
    "model with a share of participants who can have none is `family: zero_inflated_poisson`, or "
    "`zero_inflated_negative_binomial`."
)
LEVEL = 0.05
"""P-value below which a footnote says what to do."""


def count_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the rates and comparisons, the events by participant as table and figure, and the checks of a model."""
    blocks: list[Block] = [TableBlock(effects_table(report, planned)), *forest_block(report, planned)]
    fits = [fit for fit in report.fits[planned.name] if isinstance(fit, ModelRun) and isinstance(fit.model, GLMFit)]
    for fit in fits:
        if planned.analysis.role in DRAWN and fit.sample.visits[0] in planned.visits:
            blocks += events_blocks(report, planned, fit)
    if fits:
        blocks.append(TableBlock(checks_table(planned, fits)))
    return [*blocks, *further(report, planned)]


def events_blocks(report: ReportRecord, planned: PlannedAnalysis, fit: ModelRun) -> Iterator[Block]:
    """Yield how many participants had how many events at a visit, in a table and in bars."""
    visit = str(fit.sample.visits[0])
    frame = report.datasets[planned.estimand_name].frame
    rows = frame[(frame["visit"] == visit) & frame["participant_id"].isin(fit.sample.participant)]
    numbers = pd.DataFrame(
        {"arm": rows["arm"].astype(str).to_numpy(), "events": rows[planned.response].to_numpy(dtype=float).astype(int)}
    )
    yield TableBlock(events_table(planned, numbers, visit))
    if numbers["arm"].nunique() > 1:
        yield FigureBlock(plot_events(planned, numbers, visit))


def grouped(numbers: pd.Series) -> pd.Series:
    """Return numbers of events with those of `MOST` or more as `MOST`."""
    return numbers.clip(upper=MOST)


def events_words(k: int) -> str:
    """Return "0", "1", "6 or more".

    Examples
    --------
    >>> events_words(0), events_words(6)
    ('0', '6 or more')
    """
    return f"{k} or more" if k == MOST else str(k)


def events_table(planned: PlannedAnalysis, numbers: pd.DataFrame, visit: str) -> Table:
    """Return the participants of each arm by their number of events, and the events in all.

    numbers : columns `arm` and `events`, one row per participant
    """
    study = planned.study
    arms = [arm for arm in study.arm_order if (numbers["arm"] == arm).any()]
    own = {arm: grouped(numbers.loc[numbers["arm"] == arm, "events"]) for arm in arms}

    def at(term: str, arm: str) -> Statistic:
        return Statistic(estimand=planned.estimand_name, analysis=planned.name, term=term, visit=visit, arm=arm)

    rows = [
        Row(
            events_words(k),
            tuple(share_cell(int((own[arm] == k).sum()), len(own[arm]), at(f"events={k}", arm)) for arm in arms),
        )
        for k in range(int(grouped(numbers["events"]).max()) + 1)
    ]
    sums = numbers.groupby("arm")["events"].sum()
    total = Row("All events", tuple(cell("count", {"n": float(sums[arm])}, at("events", arm)) for arm in arms))
    columns = tuple(
        Column(
            with_n(
                study.label("arms", arm),
                counted(len(own[arm]), planned.name, "counted", arm, planned.estimand_name, visit),
            )
        )
        for arm in arms
    )
    return Table(
        identifier("events", planned.name, visit),
        f"{planned.outcome_label}: participants by their number of events, {study.label('visits', visit)}",
        "Number of events",
        columns,
        (RowGroup("", (*rows, total)),),
        (Footnote("Participants in the model, n (%)."),),
        subtitle=sentence_case(estimand_title(study, planned.estimand_name)),
    )


def plot_events(planned: PlannedAnalysis, numbers: pd.DataFrame, visit: str) -> Figure:
    """Draw the share of participants of each arm with each number of events."""
    study = planned.study
    arms = [arm for arm in study.arm_order if (numbers["arm"] == arm).any()]
    data = pd.DataFrame(
        {
            "estimand": planned.estimand_name,
            "analysis": planned.name,
            "visit": visit,
            "arm": arm,
            "term": f"events={k}",
            "events": events_words(k),
            "n": int((grouped(own) == k).sum()),
            "total": len(own),
        }
        for arm in arms
        for own in [numbers.loc[numbers["arm"] == arm, "events"]]
        for k in range(int(grouped(numbers["events"]).max()) + 1)
    )
    labelled = data.assign(arm_label=data["arm"].map(study.groups), share=data["n"] / data["total"])
    shown = tuple(
        cell("share", {"share": record["share"]}, Statistic(visit=visit, arm=record["arm"], term=record["term"]))
        for record in records(labelled)
    )
    said = [
        prose(
            f"{arm}: ",
            joined(", ", (prose(f"{row['events']} events ", shown[int(row["place"])]) for row in records(part))),
            ".",
        )
        for arm, part in labelled.assign(place=np.arange(len(labelled))).groupby("arm_label", sort=False)
    ]
    words = joined(" ", [f"Bars: share of participants by number of events, for each {study.words.arm}.", *said])

    def draw(texts: Sequence[str]) -> Any:
        drawn = labelled[["arm_label", "events", "share"]].assign(percent=texts)
        return themed(_bars(drawn, [study.groups[arm] for arm in arms], planned))

    title = f"{planned.outcome_label}: number of events of a participant, {study.label('visits', visit)}"
    return Figure(identifier("events-figure", planned.name, visit), title, draw, words, data, shown)


def _bars(drawn: pd.DataFrame, arms: list[str], planned: PlannedAnalysis) -> Any:
    import altair as alt

    scales, words = arm_scales(arms), planned.study.words
    choice = arm_choice(arms, words.say("All {arms}"))
    order = list(dict.fromkeys(drawn["events"]))
    chart = alt.Chart(drawn).encode(
        x=alt.X("events:N", sort=order, title="Number of events", axis=options(labelAngle=0)),
        xOffset=alt.XOffset("arm_label:N", sort=arms),
        y=alt.Y("share:Q", title="Share of participants", axis=options(format="%", tickCount=5)),
        color=alt.Color("arm_label:N", scale=options(domain=scales.domain, range=scales.colours), title=None),
        opacity=chosen(choice),
        tooltip=told(**{words.arm.capitalize(): "arm_label"}, Events="events", Share="percent"),
    )
    return chart.mark_bar().properties(width=WIDTH, height=HEIGHT).add_params(choice)


def checks_table(planned: PlannedAnalysis, fits: Sequence[ModelRun]) -> Table:
    """Return the tests of the model of each visit: variance against Poisson's, and zeros expected."""
    groups: list[RowGroup] = []
    findings: dict[str, None] = {}
    for fit in fits:
        visit = str(fit.sample.visits[0])
        checks = list(checked(fit.model))
        inflated = isinstance(fit.model, InflatedRates)
        rows = tuple(_check_row(planned, visit, name, found, inflated=inflated) for name, found in checks)
        groups.append(RowGroup(planned.study.label("visits", visit), rows))
        for name, found in checks:
            if found["p_value"] < LEVEL and name in ("score", "zeros") and _matters(fit.model, name):
                findings[OVERDISPERSED if name == "score" else ZEROS] = None
    said = [Footnote(text) for text in findings]
    family = "The score tests are of Poisson's model with the same terms; zeros are those of the model of the analysis"
    return Table(
        identifier("checks", planned.name),
        "Checks of the model of counts",
        "Check",
        (Column("Observed"), Column("Expected (95% interval)"), Column("p")),
        tuple(groups),
        (*said, Footnote(f"{family}, or of Poisson's where that has none. With few events each has little power.")),
    )


def _matters(model: GLMFit, name: str) -> bool:
    """Return whether a check speaks against the model: of the variance of its errors, or of its zeros."""
    if name == "zeros":
        return not isinstance(model, InflatedRates)
    return model.family == "poisson" and model.spec.vcov == "model"


def checked(model: GLMFit) -> Iterator[tuple[str, Record]]:
    """Yield the checks of a model of counts by name, with the numbers of each."""
    poisson = model if model.family == "poisson" else refitted(model, "poisson")
    negative = model.family.endswith("negative_binomial")
    of_zeros = poisson
    if negative:
        of_zeros = model if model.family == "negative_binomial" else refitted(model, "negative_binomial")
    spread = {str(row["check"]): row for row in records(overdispersion(poisson))}
    yield "pearson", spread["pearson"]
    yield "score", spread["score"]
    yield "more_zeros", records(zero_inflation(poisson))[1]
    if negative:
        yield "dispersion", {"estimate": model.dispersion, "p_value": np.nan}
    yield "zeros", records(zero_inflation(of_zeros))[0]
    if isinstance(model, InflatedRates) and model.inflated is not None:
        low, high = share_limits(model.inflated)
        yield "share", {"estimate": model.inflated.share, "conf_low": low, "conf_high": high, "p_value": np.nan}
        zeros = {"estimate": model.inflated.zeros, "expected": model.inflated.expected_zeros, "p_value": np.nan}
        yield "inflated_zeros", zeros


def refitted(model: GLMFit, family: GLMFamily) -> GLMFit:
    """Return the model of the same rows and terms of another family of counts."""
    frame = model.design.frame.assign(**{model.outcome: model.design.y, EXPOSURE: model.exposure})
    exposure = None if model.exposure is None else EXPOSURE
    return fit_glm(model.formula, frame, family=family, exposure=exposure)


EXPOSURE = "exposure of the model"


def _check_row(planned: PlannedAnalysis, visit: str, name: str, found: Record, *, inflated: bool) -> Row:
    at = Statistic(estimand=planned.estimand_name, analysis=planned.name, term=f"check {name}", visit=visit)
    if name == "dispersion":
        shown = cell("number", {"n": found["estimate"]}, at, 2)
        return Row("Dispersion (variance μ + dispersion × μ²)", (shown, Cell(NONE), Cell(NONE)))
    p = cell("p_value", {"p_value": found["p_value"]}, at)
    if name == "zeros":
        limits = {key: found[key] for key in ("conf_low", "conf_high")} | {"estimate": found["expected"]}
        return Row(
            NO_INFLATION if inflated else CHECKS[name],
            (cell("count", {"n": found["estimate"]}, at), cell("estimate_interval", limits, at, 1), p),
        )
    if name == "share":
        limits = {key: found[key] for key in ("estimate", "conf_low", "conf_high")}
        return Row(CHECKS[name], (cell("estimate_interval", limits, at, 2), Cell(NONE), Cell(NONE)))
    if name == "inflated_zeros":
        observed, expected = (cell("number", {"n": found[key]}, at, d) for key, d in (("estimate", 0), ("expected", 1)))
        return Row(CHECKS[name], (observed, expected, Cell(NONE)))
    if name == "pearson":
        return Row(CHECKS[name], (cell("number", {"n": found["estimate"]}, at, 2), Cell(NONE), p))
    return Row(CHECKS[name], (cell("number", {"n": found["statistic"]}, at, 2), Cell(NONE), p))
