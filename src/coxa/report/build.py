"""From a report to the document that is rendered: which sections there are, and in what order."""

from __future__ import annotations

from coxa.report.document import Document
from coxa.report.record import Report
from coxa.report.sections.analyses import analyses_section
from coxa.report.sections.checklists import with_checklists
from coxa.report.sections.data import data_section
from coxa.report.sections.delivery import delivery_section
from coxa.report.sections.diagnostics import diagnostics_section
from coxa.report.sections.estimands import estimands_section
from coxa.report.sections.harms import harms_section
from coxa.report.sections.methods import methods_section
from coxa.report.sections.observed import observed_section
from coxa.report.sections.participants import participants_section
from coxa.report.sections.protocol import protocol_section
from coxa.report.sections.responders import responders_section
from coxa.report.sections.run import run_section
from coxa.report.sections.summary import summary_section
from coxa.report.sections.trial_design import DESIGNS, trial_design_section
from coxa.report.sharing import shared
from coxa.report.sharing.rounding import as_printed
from coxa.report.sharing.words import without_rare_words
from coxa.report.styled import in_style


def build_document(report: Report, style: str | None = None, share: bool = False) -> Document:
    """Return the document of a report: no time, no path and no participant is in it.

    Parameters
    ----------
    report
        A plan, its data and its results.
    style
        How numbers are written, where it is not as the plan says.
    share
        Whether small counts are hidden, and figures of single participants left out (`coxa.report.sharing`).

    Returns
    -------
    Document
        Sections: summary, trial design, estimands, participants, delivery, observed outcomes, responders, analyses,
        model diagnostics, harms, methods, protocol and deviations, data, run record, and last the checklists, which
        say where the others answer them.
    """
    if share:
        report = without_rare_words(report)
    study = report.study
    facts = [("Study", study.study)]
    if study.registration:
        facts.append(("Registration", study.registration))
    if study.data_cut:
        facts.append(("Data cut", study.data_cut.isoformat()))
    document = Document(
        study.title,
        DESIGNS[study.design],
        tuple(facts),
        (
            summary_section(report),
            trial_design_section(report),
            estimands_section(report),
            participants_section(report),
            delivery_section(report),
            observed_section(report),
            *([responded] if (responded := responders_section(report)) else []),
            analyses_section(report),
            *([checked] if (checked := diagnostics_section(report)) else []),
            harms_section(report),
            methods_section(report),
            protocol_section(report),
            data_section(report),
            run_section(report),
        ),
    )
    if share:
        document = shared(document, report)
    styled = in_style(with_checklists(document, study), style or study.report.style)
    return as_printed(styled) if share else styled
