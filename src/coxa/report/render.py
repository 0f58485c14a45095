"""A report in the form in which it is handed over."""

from __future__ import annotations

from coxa.errors import check_option
from coxa.report.build import build_document
from coxa.report.html import render_html
from coxa.report.record import Report

FORMATS = ("html",)


def render(report: Report, format: str = "html") -> str:
    """Render a report as one self-contained file.

    Parameters
    ----------
    report
        A plan, its data and its results.
    format
        "html".

    Returns
    -------
    str
        The file's text; the same report gives the same bytes.

    Raises
    ------
    OptionError
        If the format is unknown.

    Examples
    --------
    >>> Path("report.html").write_text(render(report), encoding="utf-8")  # doctest: +SKIP
    """
    check_option("format", format, FORMATS)
    return render_html(build_document(report))
