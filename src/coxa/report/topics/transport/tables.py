"""Tables of a transported result: the comparison in trial and clinic, their case mix, and who is unlike the trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.analyses.carried import Carried
from coxa.analyses.groups import confounder_label
from coxa.report.topics.analyses.written import DECIMALS
from coxa.study.transport import Transport
from coxa.tables.formats import NONE, cell
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier


def statistic(one: Carried, term: str) -> Statistic:
    """Return the address of a number."""
    planned = one.planned
    return Statistic(
        estimand=planned.estimand_name, analysis="transport", term=term, visit=one.visit, arm=one.arm,
        reference=planned.against,
    )  # fmt: skip


def label_of(one: Carried, column: str) -> str:
    """Return what a column of the case mix is called: "Severity: severe"."""
    name, _, level = column.partition("=")
    label = confounder_label(one.planned, name)
    covariate = one.planned.study.covariates.get(name)
    label = label[:1].upper() + label[1:]
    return f"{label}: {covariate.level_labels().get(level, level)}" if level and covariate else label


def interval(one: Carried, *, in_trial: bool) -> Cell:
    """Return the comparison with its confidence interval."""
    planned, row = one.planned, one.row(in_trial=in_trial)
    rule = "points_interval" if planned.effect.scale == "points" else "estimate_interval"
    values = {name: float(row[name]) for name in ("estimate", "conf_low", "conf_high")}
    where = "in the trial" if in_trial else "in the clinic"
    at = statistic(one, f"{planned.effect.term} {where}")
    return cell(rule, values, at, DECIMALS.get(planned.effect.scale, planned.decimals))


def results_table(found: Sequence[Carried], plan: Transport) -> Table:
    """Return each comparison in the trial and in the clinic."""
    study, rows = found[0].planned.study, []
    for one in found:
        label = f"{study.label('arms', one.arm)}, {study.label('visits', one.visit)}"
        effective = cell("number", {"n": one.found.effective_n}, statistic(one, "effective sample size"), 1)
        rows.append(Row(label, (interval(one, in_trial=True), interval(one, in_trial=False), effective)))
    effect = found[0].planned.effect.words
    notes = (
        "CI, confidence interval. In the trial: arms as allocated, not adjusted. Effective sample size: participants "
        "of equal weight that would tell as much about the clinic (Kish)."
    )
    return Table(
        "transported", f"{effect[:1].upper()}{effect[1:]} in the trial and in the case mix of {plan.label}",
        "Comparison", (Column("In the trial (CI)"), Column("In the clinic (CI)"), Column("Effective sample size")),
        (RowGroup("", tuple(rows)),), (Footnote(notes),),
    )  # fmt: skip


def case_mix_table(one: Carried, plan: Transport) -> Table:
    """Return why each covariate may change the effect, and how trial and clinic differ in it."""
    rows = []
    for record in one.found.balance.table.to_dict("records"):
        name = str(record["confounder"])
        cells = [Cell(plan.covariates[name.partition("=")[0]])]
        for column in ("before", "after"):
            value = float(record[column])
            at = statistic(one, f"case mix {column}: {name}")
            shown = cell("standardised", {"standardised_difference": value}, at, 2)
            cells.append(shown if np.isfinite(value) else Cell(NONE))
        rows.append(Row(label_of(one, name), tuple(cells), strong=not record["balanced"]))
    columns = (
        Column("Why the effect may depend on it", "left"), Column("Before", spanner="Clinic less trial (SD)"),
        Column("Weighted", spanner="Clinic less trial (SD)"),
    )  # fmt: skip
    note = "SD, standard deviations of the clinic. Of patients whom participants resemble; bold, over 0.1."
    return Table(
        "transport-case-mix", "Case mix of trial and clinic", "Covariate", columns, (RowGroup("", tuple(rows)),),
        (Footnote(note),),
    )  # fmt: skip


def unlike_table(one: Carried, plan: Transport, without: int) -> Table:
    """Return the patients of the clinic whom participants resemble, and those whom none does, by reason."""
    found, total = one.found, one.found.n_clinic

    def counted(n: int, term: str) -> Cell:
        return cell("count_percent", {"n": n, "share": n / total}, statistic(one, term))

    rows = [Row("Like the trial", (counted(found.n_like, "patients like the trial"),))]
    for record in found.unlike.to_dict("records"):
        label = label_of(one, str(record["covariate"]))
        text = f"{label}: {reason_words(one, pd.Series(record))}"
        rows.append(Row(text, (counted(int(record["n"]), f"unlike: {record['covariate']} {record['reason']}"),)))
    all_of = [Row("Patients with every covariate", (cell("count", {"n": total}, statistic(one, "patients")),))]
    if without:
        label = "Without a covariate, left out"
        all_of.append(Row(label, (cell("count", {"n": without}, statistic(one, "patients without a covariate")),)))
    note = "Percentages of the patients with every covariate. A patient may be unlike the trial for several reasons."
    return Table(
        identifier("transport-unlike", one.arm, one.visit), f"{plan.label}: whom participants resemble", "Patients",
        (Column("n (%)"),), (RowGroup("", (*all_of, *rows)),), (Footnote(note),),
    )  # fmt: skip


def reason_words(one: Carried, record: pd.Series) -> str:
    """Return why patients are unlike the trial, with the label of a level."""
    reason = str(record["reason"])
    level, colon, rest = reason.partition(": ")
    if not colon:
        return f"{reason}'s range"
    covariate = one.planned.study.covariates.get(str(record["covariate"]))
    return f"{covariate.level_labels().get(level, level) if covariate else level}, {rest}"
