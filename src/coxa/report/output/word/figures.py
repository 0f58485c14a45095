"""Figures as pictures with their alternative text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from coxa.figures.figure import Figure
from coxa.report.output.columns import UPRIGHT, figure_width
from coxa.report.output.word.captions import Place, add_caption
from coxa.tables.characters import printable, typeset

if TYPE_CHECKING:
    from docx.document import Document as Word

PPI = 128
"""Pixels of the picture for 72 of the drawing; on paper, 206 to an inch or more."""


def add_figure(word: Word, figure: Figure, place: Place, scale: float = 1) -> None:
    """Add the caption, the picture (at least 200 dots per inch) and what it says to those who do not see it.

    `scale` is how wide it is against what is usual.
    """
    from docx.shared import Pt

    add_caption(word, "Figure", place, typeset(figure.title))
    picture = word.add_picture(io.BytesIO(figure.png(PPI)))
    wanted = min(scale * figure_width(picture.width.pt, picture.height.pt), UPRIGHT)
    picture.height, picture.width = Pt(wanted * picture.height.pt / picture.width.pt), Pt(wanted)
    about = picture._inline.docPr
    about.set("name", f"Figure {place.number}")
    about.set("descr", printable(figure.alt))
    word.paragraphs[-1].style = "Figure"
