"""The section on the result in the case mix of a clinic, with the part of the clinic that no participant resembles."""

from __future__ import annotations

from coxa.analyses.carried import Carried, analysis_carried, carried
from coxa.errors import FitError
from coxa.figures.figure import Figure
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.references.cited import marks
from coxa.report.topics.target_trial.figures import love_plot
from coxa.report.topics.transport.tables import (
    case_mix_table,
    interval,
    label_of,
    results_table,
    statistic,
    unlike_table,
)
from coxa.sentences import join_words
from coxa.study.transport import Transport, transport_of
from coxa.tables.formats import cell
from coxa.tables.prose import Prose, prose

TITLE = "In the case mix of a clinic"
HOW = {
    "doubly_robust": "by weights of participants, their odds of being of the clinic, and models of the outcome in each "
    "arm (right where one of both is)",
    "weighted": "by weights of participants, their odds of being of the clinic",
    "standardised": "by models of the outcome in each arm, averaged over the patients",
}

GRANTED = (
    "This is the effect in the clinic only where all that changes the effect and differs between trial and clinic is "
    "among the covariates, where patients would have the treatment as it was given in the trial, and where being in "
    "a trial does not change the effect itself. No data of the trial show that."
)


def transport_section(report: ReportRecord) -> Section | None:
    """Return the result of the trial in the case mix of a clinic; None where the plan or the data have none."""
    plan, clinic = transport_of(report.study), report.cohort.clinic
    if plan is None:
        return None
    if clinic is None or clinic.frame.empty:
        said = f"The patients of {plan.label} are not at hand: the result is not carried to them."
        return Section("transport", TITLE, (Paragraph(said, "warning", found=True),))
    planned = analysis_carried(report.study, plan)
    try:
        found = list(carried(planned, plan, report.datasets[planned.estimand_name], clinic.frame))
    except FitError as error:
        text = f"The result cannot be carried to {plan.label}: {error.message}. {' '.join(error.remedies)}"
        return Section("transport", TITLE, (Paragraph(text, "warning", found=True),))
    first = found[0]
    blocks: list[Block] = [Paragraph(_how(report, plan, first)), Paragraph(_answer(first))]
    if first.found.n_like < first.found.n_clinic:
        blocks.append(Paragraph(_unlike(first, plan), "warning", found=True))
    blocks += [
        TableBlock(results_table(found, plan)),
        TableBlock(unlike_table(first, plan, clinic.without)),
        TableBlock(case_mix_table(first, plan)),
        FigureBlock(_love(first)),
        Paragraph(GRANTED),
    ]
    return Section("transport", TITLE, tuple(blocks))


def _how(report: ReportRecord, plan: Transport, one: Carried) -> str:
    names = join_words([label_of(one, name) for name in plan.covariates])
    cite = marks(report.study, report.fits, "transport")
    return (
        f"The comparison of the trial was carried to the case mix of {plan.label} {HOW[plan.estimator]}{cite}. "
        f"Covariates on which the effect may depend: {names}. Standard errors take account of weights and models, "
        "and of the patients' being a sample."
    )


def _answer(one: Carried) -> Prose:
    study, planned = one.planned.study, one.planned
    arms = f"{study.label('arms', one.arm)} and {study.label('arms', planned.against)}"
    unit = f" {planned.unit}" if planned.unit else ""
    return prose(
        f"{arms}, {study.label('visits', one.visit)}: {planned.effect.words} ", interval(one, in_trial=True),
        f"{unit} in the trial, ", interval(one, in_trial=False), f"{unit} in the case mix of the clinic."
    )  # fmt: skip


def _unlike(one: Carried, plan: Transport) -> Prose:
    n, total = one.found.n_clinic - one.found.n_like, one.found.n_clinic
    shown = cell("count_percent", {"n": n, "share": n / total}, statistic(one, "patients unlike the trial"))
    return prose(
        "Patients whom no participant of the trial resembles: ", shown, ". They are left out: the trial says nothing "
        f"about them, and the result in the clinic is about the others of {plan.label}."
    )  # fmt: skip


def _love(one: Carried) -> Figure:
    balance = one.found.balance
    return love_plot(
        balance.table,
        [label_of(one, name) for name in balance.table["confounder"]],
        ["Before weighting", "Weighted"],
        balance.bound,
        at=[statistic(one, "case mix")] * len(balance.table),
        figure_id="transport-love",
        title="Case mix of clinic and trial",
        what="Standardised differences, clinic less trial, before and after weighting of the participants",
    )  # fmt: skip
