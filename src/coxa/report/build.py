"""From a report to the document that is rendered: which sections there are, and in what order."""

from __future__ import annotations

from coxa.report.document import Document
from coxa.report.record import Report
from coxa.report.sections.analyses import analyses_section
from coxa.report.sections.data import data_section
from coxa.report.sections.diagnostics import diagnostics_section
from coxa.report.sections.estimands import estimands_section
from coxa.report.sections.methods import methods_section
from coxa.report.sections.observed import observed_section
from coxa.report.sections.participants import participants_section
from coxa.report.sections.run import run_section
from coxa.report.sections.summary import summary_section
from coxa.report.styled import in_style

DESIGNS = {
    "parallel": "Randomised trial with parallel arms",
    "factorial": "Randomised factorial trial",
    "cluster": "Cluster-randomised trial",
    "cohort": "Cohort study",
}


def build_document(report: Report, style: str | None = None) -> Document:
    """Return the document of a report: no time, no path and no participant is in it.

    Parameters
    ----------
    report
        A plan, its data and its results.
    style
        How numbers are written, where it is not as the plan says.

    Returns
    -------
    Document
        Sections: summary, estimands, participants, observed outcomes, analyses, model diagnostics, methods, data,
        run record.
    """
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
            estimands_section(report),
            participants_section(report),
            observed_section(report),
            analyses_section(report),
            *([checked] if (checked := diagnostics_section(report)) else []),
            methods_section(report),
            data_section(report),
            run_section(report),
        ),
    )
    return in_style(document, style or study.report.style)
