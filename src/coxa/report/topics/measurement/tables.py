"""Tables of measurement: properties of scores, reliable change by arm, important change by method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from coxa.measurement.change import CHANGE_ERRORS, STATUSES, ReliableChange
from coxa.report.topics.measurement.measured import AGREEMENT, MeasuredScore
from coxa.study import Study
from coxa.study.measurement import ReliableChangePlan
from coxa.tables.by_arm import ByArm, group_columns
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import NONE, cell
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Text, prose
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table, identifier

ANALYSIS = "measurement"
CONSISTENCY = "ICC(3,1)"
LIMITS = ("estimate", "conf_low", "conf_high")
METHODS = {
    "mean_change": "Mean change of those who improved",
    "roc": "ROC, largest Youden index",
    "predictive": "Predictive modelling",
    "adjusted_2017": "Predictive, adjusted for the share improved (2017)",
    "adjusted_2022": "Predictive, adjusted by reliability of the anchor (2022)",
}
STATUS_WORDS = {
    "recovered": "Recovered: improved reliably, and across the cutoff",
    "improved": "Improved reliably",
    "unchanged": "No reliable change",
    "deteriorated": "Deteriorated reliably",
}


def properties_table(study: Study, scores: Sequence[MeasuredScore]) -> Table:
    """Return reliability, measurement error, floor and ceiling of each score."""
    groups = tuple(RowGroup(study.label("outcomes", one.outcome), tuple(_properties(study, one))) for one in scores)
    notes = (
        "CI, confidence interval; ICC, intraclass correlation; SEM, standard error of measurement; SDC, smallest "
        "detectable change of one person, 1.96 \N{SQUARE ROOT}2 SEM. Agreement counts systematic differences between "
        "visits as error, consistency does not. More than 15% at an end of the range is a floor or ceiling effect.",
        "Alpha and the ends of the range are of the scores at baseline. These numbers are of these participants, and "
        "belong to no score in general.",
    )
    return Table(
        "measurement-properties",
        "Measurement properties of scores",
        "Property",
        (Column("Value"), Column("n")),
        groups,
        tuple(map(Footnote, notes)),
    )


def _properties(study: Study, one: MeasuredScore) -> Iterator[Row]:
    at = Statistic(analysis=ANALYSIS, term=one.outcome)
    decimals = study.scale(one.outcome).decimals
    if one.alpha:
        numbers = {"estimate": one.alpha.estimate, "conf_low": one.alpha.conf_low, "conf_high": one.alpha.conf_high}
        label = f"Cronbach's alpha, {one.alpha.items} items (95% CI)"
        yield Row(label, (_two(numbers, replace(at, reference="alpha")), _count(one.alpha.n, at, "alpha")))
    if one.reliability:
        found = one.reliability
        forms = found.frame.set_index("form")
        for form, words in ((AGREEMENT, "agreement"), (CONSISTENCY, "consistency")):
            numbers = {name: float(forms[name][form]) for name in LIMITS}
            yield Row(
                f"{form}, {words} (95% CI)", (_two(numbers, replace(at, reference=form)), _count(found.n, at, form))
            )
        errors = {
            "SEM, agreement": found.sem_agreement,
            "SEM, consistency": found.sem_consistency,
            "SDC, agreement": found.sdc_agreement,
            "SDC, consistency": found.sdc_consistency,
        }
        for label, value in errors.items():
            shown = cell("estimate", {"estimate": value}, replace(at, reference=label), decimals)
            yield Row(label, (replace(shown, of_people=False), _count(found.n, at, label)))
    if one.agreement:
        numbers = {"estimate": one.agreement.bias, "conf_low": one.agreement.lower, "conf_high": one.agreement.upper}
        shown = cell("estimate_interval", numbers, replace(at, reference="agreement"), decimals)
        label = "Mean difference of the first two visits (limits of agreement)"
        yield Row(label, (replace(shown, of_people=False), _count(one.agreement.n, at, "agreement")))
    if one.ends:
        n = int(one.ends["n"])
        for end, words in (("floor", "lowest"), ("ceiling", "highest")):
            shown = cell(
                "count_percent",
                {"n": round(float(one.ends[end]) * n), "share": float(one.ends[end])},
                replace(at, reference=end),
            )
            yield Row(f"{sentence_case(end)}: {words} possible score, n (%)", (shown, _count(n, at, end)))


def _two(numbers: Mapping[str, float], at: Statistic) -> Cell:
    return replace(cell("two_decimals_interval", numbers, at), of_people=False)


def _count(n: int, at: Statistic, of: str) -> Cell:
    return cell("count", {"n": n}, replace(at, reference=of))


def change_table(study: Study, one: MeasuredScore, sizes: Mapping[str, int]) -> Table | None:
    """Return how many recovered, improved, did not change and deteriorated, by arm; None where it was not asked."""
    plan, found = one.asked.change, one.change
    if plan is None or found is None:
        return None
    rows = ByArm(f"{ANALYSIS}-{one.outcome}", tuple(sizes))
    known = found.frame[found.frame["status"] != ""]
    totals = known.groupby("arm").size()
    statuses = STATUSES if plan.cutoff else STATUSES[1:]
    body = [
        rows.shares(
            STATUS_WORDS[status], status, known[known["status"] == status].groupby("arm").size(), totals, of=True
        )
        for status in statuses
    ]
    lacking = {arm: size - float(totals.get(arm, 0)) for arm, size in sizes.items()}
    body.append(rows.counts("Without a score at baseline or at the visit, n", "missing", lacking))
    visit = study.label("visits", plan.visit)
    return Table(
        identifier("reliable-change", one.outcome),
        f"{study.label('outcomes', one.outcome)}: reliable change from baseline to {visit}",
        "Status, n/N (%)",
        group_columns(study, sizes),
        (RowGroup("", tuple(body)),),
        tuple(map(Footnote, _change_notes(study, one, plan, found))),
    )


def _change_notes(study: Study, one: MeasuredScore, plan: ReliableChangePlan, found: ReliableChange) -> Iterator[Text]:
    unit = study.scale(one.outcome).unit
    reliability: Cell | str = f"{one.used:g}"
    if plan.reliability == "repeated":
        at = Statistic(analysis=ANALYSIS, term=one.outcome, reference="used")
        reliability = replace(cell("correlation", {"correlation": one.used}, at), of_people=False)
    yield prose(
        "A change of ",
        said(study, one, "reliable from", found.threshold),
        f" {unit} or more is reliable at {100 * plan.level:g}%. Its standard error is ",
        said(study, one, "error of a change", found.std_error),
        f", by {CHANGE_ERRORS[found.error]}, with the reliability ",
        reliability,
        f" {_whose(plan)}.",
    )
    if plan.cutoff:
        norm = f"; norm: {plan.norm.population} ({plan.norm.source})" if plan.norm else ""
        yield prose(
            f"Cutoff {plan.cutoff}: ",
            said(study, one, f"cutoff {plan.cutoff}", one.cutoffs[plan.cutoff]),
            f" {unit}, from the participants at baseline{norm}.",
        )
    else:
        yield "The plan names no cutoff, so no participant is called recovered."
    yield (
        "Observed scores, without a model and without those who are missing. An unreliable change is not a change of "
        "zero, and a reliable one need not matter; regression to the mean makes improvement likelier after a bad start."
    )


def said(study: Study, one: MeasuredScore, of: str, value: float) -> Cell:
    """Return a number of a score for a sentence, with its address."""
    at = Statistic(analysis=ANALYSIS, term=one.outcome, reference=of)
    return replace(cell("estimate", {"estimate": value}, at, study.scale(one.outcome).decimals), of_people=False)


def _whose(plan: ReliableChangePlan) -> str:
    if plan.reliability == "repeated":
        return "of the repeated measurements in these data"
    return f"of {plan.reliability.population} ({plan.reliability.source})"


def important_table(study: Study, one: MeasuredScore) -> Table | None:
    """Return the minimal important change by each method; None where it was not asked."""
    plan, found = one.asked.important, one.important
    if plan is None or found is None:
        return None
    decimals = study.scale(one.outcome).decimals
    rows = []
    for row in found.frame.to_dict("records"):
        at = Statistic(analysis=ANALYSIS, term=one.outcome, reference=str(row["method"]))
        limits = row["conf_low"] == row["conf_low"]
        rule, names = (
            ("estimate_interval", ("estimate", "conf_low", "conf_high")) if limits else ("estimate", ("estimate",))
        )
        shown = cell(rule, {name: float(row[name]) for name in names}, at, decimals)
        little = " a little" if row["method"] == "mean_change" and plan.little is not None else ""
        rows.append(Row(f"{METHODS[str(row['method'])]}{little}", (replace(shown, of_people=False),)))
    at = Statistic(analysis=ANALYSIS, term=one.outcome, reference="anchor")
    numbers = {
        "Area under the ROC curve": (found.auc, "correlation"),
        "Correlation of change with the anchor": (found.correlation, "correlation"),
        "Improved by the anchor, %": (found.improved, "share"),
    }
    beside = [
        Row(label, (replace(cell(rule, {rule: value}, replace(at, reference=label)), of_people=False),))
        for label, (value, rule) in numbers.items()
    ]
    scale = study.scale(one.outcome)
    levels = getattr(study.outcomes[plan.anchor], "levels", None) or {}
    answer = f"{study.label('outcomes', plan.anchor)}, {levels.get(plan.improved, f'{plan.improved:g}')} or better"
    visit = study.label("visits", plan.visit)
    notes: list[Text] = [
        prose(
            f"Change towards better, in {scale.unit}, from baseline to {visit}, of ",
            cell("count", {"n": found.n}, at),
            f" participants with both. Improved: {answer}. CI, 95% confidence interval, where the method has one.",
        ),
        "A minimal important change is of one person within a group like this one, by this anchor; it is no threshold "
        "for a difference between groups.",
    ]
    if plan.anchor_reliability:
        given = plan.anchor_reliability
        notes.append(f"Reliability of the anchor: {given.value:g}, of {given.population} ({given.source}).")
    return Table(
        identifier("important-change", one.outcome),
        f"{study.label('outcomes', one.outcome)}: minimal important change by an anchor",
        "Method",
        (Column("Estimate (CI)" if rows else NONE),),
        (RowGroup("Minimal important change", tuple(rows)), RowGroup("The anchor", tuple(beside))),
        tuple(map(Footnote, notes)),
    )
