"""Tables of a target trial: its parts, confounders, weights, balance, and what is not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from coxa.analyses.comparability import Comparability
from coxa.causal import Comparison
from coxa.report.topics.analyses.written import DECIMALS
from coxa.study.comparative import ComparativeStudy
from coxa.study.target_trial import BASELINE, TargetTrial, target_words
from coxa.tables.formats import NONE, cell
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

LEFT = ("left", "left")


def target_trial_table(study: ComparativeStudy, trial: TargetTrial, data: Mapping[str, str]) -> Table:
    """Return the parts of the target trial, each with what the data have in its place."""
    strategies = "; ".join(
        f"{study.label('arms', arm)}: {trial.strategies[arm].rstrip('.')}" for arm in study.arm_order
    )
    parts = {
        "Eligibility": trial.eligibility,
        "Treatment strategies": strategies,
        "Assignment": trial.assignment,
        "Start of follow-up": trial.start.description,
        "Outcome": trial.outcome,
        "Estimand": sentence_case(target_words(study, trial)),
        "Analysis": trial.analysis,
    }
    rows = tuple(Row(name, (Cell(text), Cell(data.get(name, NONE)))) for name, text in parts.items())
    return Table(
        "target-trial", "The target trial, and what the data can support", "Part",
        (Column("Target trial, as the plan has it", "left"), Column("These data", "left")), (RowGroup("", rows),),
    )  # fmt: skip


def confounders_table(study: ComparativeStudy, trial: TargetTrial, missing: Mapping[str, int]) -> Table:
    """Return the confounders with the reason for each, and of how many participants each is missing."""
    rows = []
    for name, reason in trial.confounders.items():
        label = study.label("covariates", name) if name != BASELINE else "Outcome at baseline"
        at = Statistic(analysis="confounders", term=f"missing: {name}")
        rows.append(Row(label, (Cell(reason), cell("count", {"n": missing.get(name, 0)}, at))))
    rows += [Row(text, (Cell("Not measured"), Cell(NONE))) for text in trial.not_measured]
    return Table(
        "confounders", "Confounders, with the reason for each", "Confounder",
        (Column("Why the choice of treatment and the outcome depend on it", "left"), Column("Missing")),
        (RowGroup("", tuple(rows)),),
        (Footnote("Missing, participants without it; they are left out of the comparison."),),
    )  # fmt: skip


def statistic_of(one: Comparability, term: str, arm: str | None = None, reference: str = "") -> Statistic:
    """Return what a number of a comparison is; of the compared group and its comparator unless others are named."""
    planned = one.planned
    return Statistic(
        estimand=planned.estimand_name, analysis=planned.name, term=term, visit=one.visit,
        arm=one.arm if arm is None else arm, reference=planned.against if arm is None else reference,
    )  # fmt: skip


def weights_table(one: Comparability) -> Table:
    """Return numbers of participants, effective sample sizes, largest weights and overlap of both groups."""
    study, weights = one.planned.study, one.weights
    sides = {one.arm: True, one.planned.against: False}
    rows = {
        "Participants with every confounder": [
            cell("count", {"n": int((weights.treated == side).sum())}, statistic_of(one, "weights: participants", arm))
            for arm, side in sides.items()
        ],
        "Outcomes": [
            cell("count", {"n": n}, statistic_of(one, "weights: outcomes", arm))
            for arm, n in zip(sides, one.comparison.observed, strict=True)
        ],
        **_pairs(one, sides),
        "Effective sample size": [
            cell(
                "number", {"n": weights.effective_n(side)}, statistic_of(one, "weights: effective sample size", arm), 1
            )
            for arm, side in sides.items()
        ],
        "Largest weight, as a multiple of the mean": [
            cell("number", {"n": weights.largest(side)}, statistic_of(one, "weights: largest", arm), 2)
            for arm, side in sides.items()
        ],
        "Score outside the range of the other group": [
            cell("count", {"n": outside(one, side)}, statistic_of(one, "weights: outside the other group", arm))
            for arm, side in sides.items()
        ],
    }
    notes = ["Effective sample size, participants of equal weight that would tell as much (Kish)."]
    if weights.truncated:
        notes.append("The largest weights were cut, as the plan says.")
    title = "Weights and overlap" if one.matched is None else "Pairs and overlap"
    return Table(
        identifier("weights", one.planned.name, one.arm, one.visit), title, "Of each group",
        tuple(Column(study.label("arms", arm)) for arm in sides),
        (RowGroup("", tuple(Row(label, tuple(cells)) for label, cells in rows.items())),),
        (Footnote(" ".join(notes)),),
    )  # fmt: skip


def _pairs(one: Comparability, sides: Mapping[str, bool]) -> dict[str, list[Cell]]:
    """Return the participants with and without a partner, of matched groups."""
    if one.matched is None:
        return {}
    found = {}
    for label, inside in (("In a pair", True), ("Without a partner", False)):
        found[label] = [
            cell(
                "count",
                {"n": int(((one.weights.treated == side) & ((one.weights.value > 0) == inside)).sum())},
                statistic_of(one, f"pairs: {label.lower()}", arm),
            )
            for arm, side in sides.items()
        ]
    return found


def outside(one: Comparability, treated: bool) -> int:
    """Return the participants of a group whose score no participant of the other group reaches."""
    mine, other = one.score[one.weights.treated == treated], one.score[one.weights.treated != treated]
    return int(((mine < other.min()) | (mine > other.max())).sum())


def balance_table(one: Comparability) -> Table:
    """Return standardised differences and variance ratios of the confounders, before and after weighting or pairing."""
    rows = []
    for record in one.comparison.balance.table.to_dict("records"):
        name = record["confounder"]
        cells = []
        for column, rule, key in (
            ("before", "standardised", "standardised_difference"),
            ("after", "standardised", "standardised_difference"),
            ("ratio_before", "number", "n"),
            ("ratio_after", "number", "n"),
        ):
            value = float(record[column])
            at = statistic_of(one, f"balance {column.replace('_', ' ')}: {name}")
            cells.append(cell(rule, {key: value}, at, 2) if np.isfinite(value) else Cell(NONE))
        rows.append(Row(one.label(name), tuple(cells), strong=not record["balanced"]))
    balance = one.comparison.balance
    spread = "the compared group" if balance.denominator == "treated" else "both groups (root of the mean variance)"
    columns = (
        Column("Before", spanner="Standardised difference"), Column("After", spanner="Standardised difference"),
        Column("Before", spanner="Variance ratio"), Column("After", spanner="Variance ratio"),
    )  # fmt: skip
    note = (
        f"In standard deviations of {spread} before {one.way}; bold, over {balance.bound:g} after {one.way}. Variance "
        "ratios are of numbers only. Nothing is tested."
    )
    return Table(
        identifier("balance", one.planned.name, one.arm, one.visit), f"Balance before and after {one.way}",
        "Confounder", columns, (RowGroup("", tuple(rows)),), (Footnote(note),),
    )  # fmt: skip


def naive_table(found: Sequence[Comparability]) -> Table:
    """Return each comparison next to that of the groups as they are."""
    rows = []
    for one in found:
        planned, term = one.planned, one.planned.effect.term
        rule = "points_interval" if planned.effect.scale == "points" else "estimate_interval"
        decimals = DECIMALS.get(planned.effect.scale, planned.decimals)
        cells = []
        for naive in (False, True):
            if naive and one.naive.frame.empty:
                cells.append(Cell(NONE))
                continue
            row = one.row(term, naive=naive)
            values = {name: float(row[name]) for name in ("estimate", "conf_low", "conf_high")}
            cells.append(cell(rule, values, statistic_of(one, f"not adjusted: {term}" if naive else term), decimals))
        e_value = one.e_value
        cells += [
            Cell(NONE) if e_value is None else cell("number", {"n": value}, statistic_of(one, f"E-value, {what}"), 2)
            for what, value in (() if e_value is None else (("estimate", e_value.estimate), ("limit", e_value.limit)))
        ] or [Cell(NONE), Cell(NONE)]
        at = planned.study.label("visits", one.visit)
        rows.append(Row(f"{planned.label}, {planned.study.label('arms', one.arm)}, {at}", tuple(cells)))
    return Table(
        "not-adjusted", "With and without adjustment, and E-values", "Analysis",
        (
            Column("Adjusted (CI)"), Column("Groups as they are (CI)"), Column("Estimate", spanner="E-value"),
            Column("Limit", spanner="E-value"),
        ),
        (RowGroup("", tuple(rows)),),
        (
            Footnote(
                "CI, confidence interval. E-value, the risk ratio that an unmeasured confounder would need with both "
                "the group and the outcome, beyond the measured ones, to move the estimate, or its nearer limit, to no "
                "difference; of a difference in means by way of its standardised size, of other outcomes by their "
                "ratio. 1: no such confounder is needed."
            ),
        ),
    )  # fmt: skip


def unmeasured_table(one: Comparability) -> Table:
    """Return how strong an unmeasured confounder would have to be, in multiples of each measured one."""
    assert one.unmeasured is not None
    decimals = one.planned.decimals
    rows = []
    for record in one.unmeasured.table.to_dict("records"):
        name, cells = record["confounder"], []
        for column, places in (
            ("imbalance", 2), ("association", decimals), ("estimate_if_missed", decimals), ("multiple", 1),
            ("multiple_of_limit", 1),
        ):  # fmt: skip
            value = float(record[column])
            shown = cell(
                "number", {"n": value}, statistic_of(one, f"unmeasured, {column.replace('_', ' ')}: {name}"), places
            )
            cells.append(shown)
        rows.append(Row(one.label(name), tuple(cells)))
    columns = (
        "Imbalance (SD)", "Adds to the outcome per SD", "Estimate, if one as strong is missed",
        "Times as strong to reach no difference", "The same for the limit",
    )  # fmt: skip
    return Table(
        identifier("unmeasured", one.planned.name, one.arm, one.visit),
        _of_arm("An unmeasured confounder as strong as a measured one", one), "As strong as",
        tuple(Column(label) for label in columns), (RowGroup("", tuple(rows)),),
        (Footnote("SD, standard deviation. The bias of a missed confounder is its imbalance times what it adds."),),
    )  # fmt: skip


def controls_table(one: Comparability, found: Mapping[str, Comparison]) -> Table:
    """Return the differences in outcomes that the treatment cannot change."""
    study, rows = one.planned.study, []
    for name, comparison in found.items():
        row = comparison.estimates.only(term="difference").frame.iloc[0]
        values = {key: float(row[key]) for key in ("estimate", "conf_low", "conf_high")}
        at = statistic_of(one, f"negative control: {name}")
        shown = cell("estimate_interval", values, at, study.scale(name).decimals + 1)
        rows.append(
            Row(study.label("outcomes", name), (shown, cell("p_value", {"p_value": float(row["p_value"])}, at)))
        )
    return Table(
        identifier("negative-controls", one.planned.name, one.arm, one.visit), _of_arm("Negative controls", one),
        "Outcome",
        (Column("Difference (CI)"), Column("p")), (RowGroup("", tuple(rows)),),
        (Footnote("CI, confidence interval. The treatment cannot change these outcomes: a difference is bias."),),
    )  # fmt: skip


def _of_arm(title: str, one: Comparability) -> str:
    """Return a title, of several comparisons with the group that is compared."""
    return f"{title}: {one.planned.study.label('arms', one.arm)}" if len(one.planned.compare) > 1 else title


def differing(found: Mapping[str, Comparison]) -> Iterator[str]:
    """Yield the negative controls whose interval excludes zero."""
    for name, comparison in found.items():
        row = comparison.estimates.only(term="difference").frame.iloc[0]
        if row["conf_low"] > 0 or row["conf_high"] < 0:
            yield name
