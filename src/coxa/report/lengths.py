"""How long a report is: the length that is usual for each form, and the files that a length has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from coxa.errors import OptionError, check_option
from coxa.report.document import Format, Length

ReportLength = Literal["slide", "brief", "journal", "committee", "full"]
"""One slide of the main result; two pages for who treats or is treated; what a paper shows, with the rest as a
supplement; what a monitoring committee sees, which is a document of its own; everything."""

LENGTHS: tuple[ReportLength, ...] = get_args(ReportLength)

USUAL: Mapping[Format, ReportLength] = {"html": "full", "pdf": "journal", "docx": "journal"}
"""Form -> its length where none is asked for."""


def files_of(form: Format, length: ReportLength | None = None) -> dict[str, Length]:
    """Return the files of a report in one form, each with how much of the document it shows.

    Parameters
    ----------
    form
        "html", "pdf" or "docx".
    length
        One of `LENGTHS`; without one the usual length of the form.

    Raises
    ------
    OptionError
        There is no such length, or the form does not have it.

    Examples
    --------
    >>> files_of("pdf"), files_of("html")
    ({'report.pdf': 'journal', 'supplement.pdf': 'supplement'}, {'report.html': 'full'})
    """
    shown = length_of(form, length)
    files: dict[str, Length] = {f"report.{form}": shown}
    return {**files, f"supplement.{form}": "supplement"} if shown == "journal" else files


def length_of(form: Format, length: ReportLength | None = None) -> ReportLength:
    """Return the length that is asked for, or the usual one of a form; refuse a slide that is no page."""
    if length == "slide" and form != "html":
        raise OptionError(
            f"A slide is a page (html), not {form}. Write it as html, and print it from a browser as PDF."
        )
    return USUAL[form] if length is None else check_option("length", length, LENGTHS)
