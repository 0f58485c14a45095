"""Pages that are turned on their side, for tables that are too wide, with the headings above these."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from coxa.report.output.word.styles import MARGIN_MM

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.section import Section as Page


def turn(word: Word) -> None:
    """Begin a page that is turned against the one before; the number below it is at its own margin."""
    from docx.enum.section import WD_SECTION

    footer = deepcopy(word.sections[-1].footer.paragraphs[0]._p)
    page = word.add_section(WD_SECTION.NEW_PAGE)
    page.footer.is_linked_to_previous = False
    empty = page.footer.paragraphs[0]._p
    empty.getparent().replace(empty, footer)
    _turned(page)


def turn_with_headings(word: Word) -> None:
    """Turn the page of a table, with the headings just above it; tables that follow each other share their pages."""
    headings = _last_headings(word)
    before = headings[0].getprevious() if headings else word.element.body[-1].getprevious()
    if before is not None and before.xpath("./w:pPr/w:sectPr"):  # the end of pages that are turned already
        _turned(word.sections[-1])
        before.getparent().remove(before)
        return
    turn(word)
    for one in headings:
        word.element.body[-1].addprevious(one)


def _last_headings(word: Word) -> list[Any]:
    """Return the headings that nothing follows yet, the first one first."""
    headings: list[Any] = []
    one = word.element.body[-1].getprevious()
    while one is not None and any(name.startswith("Heading") for name in one.xpath("./w:pPr/w:pStyle/@w:val")):
        headings.insert(0, one)
        one = one.getprevious()
    return headings


def _turned(page: Page) -> None:
    """Swap width and height of the pages of a section, and move the number in its footer to its margin."""
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm

    page.page_width, page.page_height = page.page_height, page.page_width
    turned = (page.page_width or 0) > (page.page_height or 0)
    page.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
    stops = page.footer.paragraphs[0].paragraph_format.tab_stops
    stops.clear_all()
    if turned:
        stops.add_tab_stop(Mm(210 - 2 * MARGIN_MM), WD_TAB_ALIGNMENT.CLEAR)
        stops.add_tab_stop(Mm(297 - 2 * MARGIN_MM), WD_TAB_ALIGNMENT.RIGHT)
