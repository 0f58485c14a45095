"""One pass over the XML of a sheet for what openpyxl does not say: size, merged cells, formulas without a result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from openpyxl.utils import column_index_from_string, range_boundaries

from coxa.cohort.readers.raw import FileFault, ReadOptions
from coxa.cohort.readers.size import WORKBOOK_CELLS, check_cells

Box = tuple[int, int, int, int]
"""First column, first row, last column, last row, counted from 1."""

COORDINATE = re.compile(r"([A-Za-z]+)(\d+)")
CHUNK_BYTES = 1 << 16


@dataclass(slots=True)
class SheetScan:
    """What the XML of a sheet says.

    last_row, last_column : of the cells that hold something
    merged                : ranges of merged cells
    uncalculated          : (row, column) -> text of a formula of which no result is stored
    """

    last_row: int = 0
    last_column: int = 0
    merged: list[Box] = field(default_factory=list)
    uncalculated: dict[tuple[int, int], str] = field(default_factory=dict)


def scan_sheet(stream: IO[bytes], options: ReadOptions) -> SheetScan:
    """Return what the XML of a sheet says; refuse it as soon as it has too many cells."""
    reading = _Reading(options)
    while chunk := stream.read(CHUNK_BYTES):
        reading.parser.Parse(chunk, False)
    reading.parser.Parse(b"", True)
    found = reading.scan
    check_cells(found.last_row * found.last_column, options, WORKBOOK_CELLS)
    return found


class _Reading:
    """The state of the pass: where it is, and what the open cell has had so far."""

    def __init__(self, options: ReadOptions) -> None:
        self.options, self.scan = options, SheetScan()
        self.row = self.column = self.n_cells = 0
        self.part = ""
        self.text: dict[str, str] = {}
        self.kind = ""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.doctype

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column = 0
        elif tag == "c":
            self._open_cell(attributes)
        elif tag in ("v", "f", "is"):
            self.part = tag
            self.text[tag] = ""
            self.parser.CharacterDataHandler = self.characters
        elif tag == "mergeCell":
            self.scan.merged.append(range_boundaries(attributes["ref"]))

    def end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "c":
            self._close_cell()
        elif tag in ("v", "f", "is"):
            self.parser.CharacterDataHandler = None

    def characters(self, text: str) -> None:
        self.text[self.part] += text

    def doctype(self, *_: object) -> None:
        rule = "A sheet of the workbook declares a document type, as no spreadsheet does"
        raise FileFault(rule, "Do not open the file before you know where it comes from")

    def _open_cell(self, attributes: dict[str, str]) -> None:
        self.n_cells += 1
        if self.n_cells % 1000 == 0:
            check_cells(self.n_cells, self.options, WORKBOOK_CELLS)
        place = COORDINATE.fullmatch(attributes.get("r", ""))
        self.column = column_index_from_string(place[1]) if place else self.column + 1
        self.row = int(place[2]) if place else self.row
        self.kind = attributes.get("t", "n")
        self.text.clear()

    def _close_cell(self) -> None:
        result = self.text.get("v") or (self.kind == "str" and "v" in self.text)
        if "f" in self.text and not result:
            self.scan.uncalculated[self.row, self.column] = f"={self.text['f']}"
        if self.text:
            self.scan.last_row = max(self.scan.last_row, self.row)
            self.scan.last_column = max(self.scan.last_column, self.column)
