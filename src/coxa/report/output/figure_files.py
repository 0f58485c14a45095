"""A figure as a file of its own, for a journal that asks for the flow diagram."""

from __future__ import annotations

import json
from pathlib import Path

from coxa.errors import check_option
from coxa.figures.figure import Figure
from coxa.files import save
from coxa.report.output.csv_files import write_csv
from coxa.report.output.pdf import compiled

FORMS = (".svg", ".png", ".pdf", ".csv")

PAGE = """#let given = json(bytes(sys.inputs.document))
#set document(title: given.title, date: none)
#set page(width: given.width * 1pt, height: auto, margin: 6mm)
#set text(lang: "en")
#image(bytes(given.svg), format: "svg", width: 100%, alt: given.alt)
"""
MARGINS = 34.0
"""Left and right margin of a page, together, in points."""


def write_figure(figure: Figure, path: Path, ppi: float = 300) -> Path:
    """Write a figure as SVG (text as text), PNG or PDF, or its numbers as CSV; the ending of the path decides.

    Parameters
    ----------
    ppi
        Pixels of a PNG for 72 of the drawing.

    Raises
    ------
    OptionError
        If the ending is another.
    """
    form = check_option("ending of a figure's file", path.suffix.lower(), FORMS)
    if form == ".csv":
        return write_csv(figure.data, path)
    if form == ".png":
        return save(path, figure.png(ppi))
    if form == ".pdf":
        return save(path, _page(figure))
    return save(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{figure.svg()}\n')


def _page(figure: Figure) -> bytes:
    """Return a PDF whose page is as large as the figure."""
    svg = figure.svg()
    width = float(svg.split('viewBox="', 1)[1].split()[2])
    said = {"svg": svg, "title": figure.title, "alt": figure.alt, "width": round(0.75 * width + MARGINS, 2)}
    return compiled(PAGE.encode("utf-8"), json.dumps(said, ensure_ascii=False))
