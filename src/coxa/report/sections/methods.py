"""How it was done, from what actually ran."""

from __future__ import annotations

from coxa.report.document import Paragraph, Section
from coxa.report.methods import analysis_methods, general_methods, references, software
from coxa.report.record import Report
from coxa.tables.prose import prose
from coxa.tables.results import analysis_title


def methods_section(report: Report) -> Section:
    """Return a paragraph on all analyses, one per analysis, the software and the references."""
    study = report.study
    each = tuple(
        Paragraph(prose(f"{analysis_title(study, name)}. ", analysis_methods(report, name))) for name in study.analyses
    )
    numbered = (Paragraph(f"[{number}] {text}") for number, text in enumerate(references(report), start=1))
    cited = Section("references", "References", tuple(numbered))
    blocks = (Paragraph(general_methods(report)), *each, Paragraph(software(report)))
    return Section("methods", "Statistical methods", blocks, (cited,))
