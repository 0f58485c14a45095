"""The page and the styles, all of them to be changed in Word in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coxa.report.output.word.xml import element, field

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.text.paragraph import Paragraph

FONT = "Arial"
"""On every machine, or there is one of the same widths."""
INK, SOFT, ACCENT, ALERT, LINE = "1B1F24", "56606B", "0A5A9C", "B3420B", "D5DAE0"
LEAD, WARNING, FACT, FIGURE = "Lead", "Warning", "Fact", "Figure"
FACTS, ANSWER_FACT = "Facts Line", "Answer Fact"
CARD = "F6F7F9"
CELL, NOTE, TABLE = "Table Text", "Table Note", "Report Table"
MARGIN_MM = 20
NAMES_MM = 52
AFTER_BORDER = ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl", "w:rPr")
"""What Word wants behind the border of a paragraph; it does not open a file with another order."""
HEADINGS = {1: (13, 12), 2: (11, 10), 3: (10, 8), 4: (9.5, 8)}
"""Level -> size and space above, in points."""


def prepare(word: Word) -> None:
    """Set page, language, fonts and styles."""
    from docx.oxml.ns import qn
    from docx.shared import Mm

    page = word.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(MARGIN_MM)
    page.top_margin, page.bottom_margin = Mm(22), Mm(19)
    sheet = word.styles.element
    for fonts in sheet.iter(qn("w:rFonts")):
        fonts.attrib.clear()
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{script}"), FONT)
    for language in sheet.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
    _texts(word)
    _headings(word)
    _tables(word)


def _texts(word: Word) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm

    _style(word, "Normal", size=9.5, after=5, colour=INK)
    _style(word, "Body Text", after=4)
    for name, size, after, colour in (("Title", 15, 2, INK), ("Subtitle", 10, 2, SOFT)):
        style = _style(word, name, size=size, after=after, colour=colour, bold=name == "Title")
        style.font.italic = False
        for spread in style.element.rPr.findall(qn("w:spacing")):
            style.element.rPr.remove(spread)
        for border in style.element.pPr.findall(qn("w:pBdr")):
            style.element.pPr.remove(border)
    _style(word, "List Bullet", after=3)
    _style(word, "Caption", size=9, before=8, after=3, colour=INK, bold=False, keep=True)
    _style(word, FIGURE, after=6)
    _style(word, FACTS, size=9, after=2, colour=SOFT)
    line = _style(word, ANSWER_FACT, size=8, after=0)
    line.paragraph_format.line_spacing = 1.0
    shaded = element("w:shd", val="clear", color="auto", fill=CARD)
    line.element.get_or_add_pPr().insert_element_before(shaded, *AFTER_BORDER[1:])
    fact = _style(word, FACT, after=2).paragraph_format
    fact.left_indent, fact.first_line_indent = Mm(NAMES_MM), Mm(-NAMES_MM)
    fact.tab_stops.add_tab_stop(Mm(NAMES_MM))
    for name, colour in ((LEAD, ACCENT), (WARNING, ALERT)):
        side = element("w:left", val="single", sz="18", space="8", color=colour)
        properties = _style(word, name, after=4).element.get_or_add_pPr()
        properties.insert_element_before(element("w:pBdr", side), *AFTER_BORDER)
        word.styles[name].paragraph_format.left_indent = Mm(3)


def _headings(word: Word) -> None:

    for level in range(1, 10):
        size, before = HEADINGS.get(level, HEADINGS[4])
        _style(word, f"Heading {level}", size=size, before=before, after=5, colour=INK, bold=True, keep=True)
    _style(word, "TOC Heading", size=11, before=8, after=5, colour=INK, bold=True)
    _style(word, "toc 1", size=9.5, after=1)
    word.styles["Heading 1"].paragraph_format.page_break_before = False


def _tables(word: Word) -> None:
    from docx.enum.style import WD_STYLE_TYPE

    _style(word, CELL, size=8.5).paragraph_format.line_spacing = 1.0
    _style(word, NOTE, size=7.5, after=1, colour=SOFT).paragraph_format.line_spacing = 1.0
    style = word.styles.add_style(TABLE, WD_STYLE_TYPE.TABLE)
    style.base_style = word.styles["Normal Table"]
    edges = (element(f"w:{side}", val="single", sz="8", space="0", color=INK) for side in ("top", "bottom"))
    room = (
        element(f"w:{side}", w=w, type="dxa")
        for side, w in (("top", "30"), ("left", "70"), ("bottom", "30"), ("right", "70"))
    )
    style.element.append(element("w:tblPr", element("w:tblBorders", *edges), element("w:tblCellMar", *room)))


def _style(
    word: Word,
    name: str,
    size: float | None = None,
    before: float = 0,
    after: float = 0,
    colour: str = "",
    bold: bool | None = None,
    keep: bool = False,
) -> Any:
    """Set a style of paragraphs, made from Normal if there is none of the name."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    if name not in [style.name for style in word.styles]:
        made = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=name.startswith("toc "))
        made.base_style = word.styles["Normal"]
        made.quick_style = True
    style: Any = word.styles[name]
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.keep_with_next = keep
    if size is not None:
        style.font.size = Pt(size)
    if colour:
        style.font.color.rgb = RGBColor.from_string(colour)
    if bold is not None:
        style.font.bold = bold
    return style


def add_paragraph(word: Word, text: str, style: str) -> Paragraph:
    """Add a paragraph in a style by its id, which is its name without spaces.

    By its name python-docx would look through all styles for each paragraph.
    """
    made = word.add_paragraph(text)
    made._p.style = style.replace(" ", "")
    return made


def running_title(word: Word, title: str, study: str) -> None:
    """Write the title above every page, and the study and the number of the page below it."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm

    page = word.sections[0]
    head, foot = page.header.paragraphs[0], page.footer.paragraphs[0]
    for name in ("Header", "Footer"):
        style: Any = _style(word, name, size=9, colour=SOFT)
        for stop in list(style.paragraph_format.tab_stops):
            style.element.pPr.find(stop._tab.getparent().tag).remove(stop._tab)
        style.paragraph_format.tab_stops.add_tab_stop(Mm(210 - 2 * MARGIN_MM), WD_TAB_ALIGNMENT.RIGHT)
    head.add_run(title)
    foot.add_run(f"{study}\tPage ")
    field(foot, "PAGE", "1")
    foot.add_run(" of ")
    field(foot, "NUMPAGES", "1")
