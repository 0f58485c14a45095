"""A report in the form in which it is handed over."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, overload

from coxa.arguments import kinds
from coxa.errors import check_option
from coxa.report.build import build_document
from coxa.report.document import FORMATS, Document, Format
from coxa.report.lengths import ReportLength, length_of
from coxa.report.output.html import render_html
from coxa.report.record import REPORT, ReportRecord
from coxa.report.topics.committee.groups import Arms
from coxa.report.transform.styled import in_style
from coxa.study import Study
from coxa.study.words import StyleName

REPORT_OR_DOCUMENT = replace(REPORT, of=(ReportRecord, Document))


@overload
def render(
    report: ReportRecord[Study] | Document,
    format: Literal["html"] = "html",
    style: StyleName | None = None,
    length: ReportLength | None = None,
) -> str: ...


@overload
def render(
    report: ReportRecord[Study] | Document,
    format: Literal["pdf", "docx"],
    style: StyleName | None = None,
    length: ReportLength | None = None,
) -> bytes: ...


@overload
def render(
    report: ReportRecord[Study] | Document,
    format: Format,
    style: StyleName | None = None,
    length: ReportLength | None = None,
) -> str | bytes: ...


@kinds(report=REPORT_OR_DOCUMENT)
def render(
    report: ReportRecord[Study] | Document,
    format: Format = "html",
    style: StyleName | None = None,
    length: ReportLength | None = None,
) -> str | bytes:
    """Render a report as one self-contained file.

    Parameters
    ----------
    report
        A plan, its data and its results; or a document that was made already, such as `coxa.report.shell(study)`.
    format
        "html", "pdf" or "docx" (Word).
    style
        How numbers are written, where it is not as the plan says: "plain", "jama", "lancet" or "nejm".
    length
        "slide", "brief", "journal", "committee" or "full"; unless given, a page is full, PDF and Word are for a
        journal, and a document that was made already has its own.

    Returns
    -------
    str or bytes
        The file's text (HTML) or bytes; the same report gives the same bytes.

    Raises
    ------
    OptionError
        If the format, the style or the length is unknown.

    Examples
    --------
    >>> page = render(Document("A trial", "Report of a randomised trial", (("Registration", "none"),), ()))
    >>> page.startswith("<!DOCTYPE html>"), "Report of a randomised trial" in page
    (True, True)
    >>> render(Document("A trial", "Report of a randomised trial", (), ()), "odt")
    Traceback (most recent call last):
    coxa.errors.OptionError: `format` is "odt". Choose one of html, pdf, docx.
    """
    check_option("format", format, FORMATS)
    if isinstance(report, Document):
        document = in_style(report, style) if style else report
        shown = length_of(format, length) if length else report.length
    else:
        committee: Arms | None = "pooled" if length == "committee" else None
        document, shown = build_document(report, style, committee=committee), length_of(format, length)
    return render_document(replace(document, length=shown), format)


def render_document(document: Document, format: Format) -> str | bytes:
    """Render a document in one of `FORMATS`; several forms of a report can share the document."""
    if format == "pdf":
        from coxa.report.output.pdf import render_pdf

        return render_pdf(document)
    if format == "docx":
        from coxa.report.output.word.render import render_word

        return render_word(document)
    return render_html(document)
