"""What openpyxl does not say of the sheets of a workbook: their size, merged cells, formulas without a result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string, range_boundaries

from coxa.cohort.readers.raw import ReadOptions
from coxa.cohort.readers.size import WORKBOOK_CELLS, check_cells

Box = tuple[int, int, int, int]
"""First column, first row, last column, last row, counted from 1."""

COORDINATE = re.compile(r"([A-Za-z]+)(\d+)")
ROOT = re.compile(rb"<(\w+:)?worksheet\b")
CELL_ENDS = (b" ", b">", b"/", b"\n", b"\r", b"\t")
CHUNK_BYTES = 1 << 20
LONGEST_TAG = 64


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


@dataclass(frozen=True, slots=True)
class Tab:
    """A sheet of a workbook as its relationships give it; `scan` is None where it holds a chart."""

    name: str
    hidden: bool
    scan: SheetScan | None


def scan_workbook(path: Path, options: ReadOptions) -> list[Tab]:
    """Return every sheet in order; refuse a workbook of too many cells before a parser sees them.

    openpyxl follows the relationships to the part of a sheet, wherever it is. It reads the sheets themselves only
    afterwards, when their size is known.
    """
    reader = ExcelReader(path, read_only=True, data_only=True, keep_links=False)
    with reader.archive as archive:
        reader.read_manifest()
        reader.read_workbook()
        sheets = list(reader.parser.find_sheets())
        parts = [relation.target for _, relation in sheets if "chartsheet" not in relation.Type]
        check_cells(sum(count_cells(archive, part) for part in parts), options, WORKBOOK_CELLS)
        return [
            Tab(sheet.name, sheet.state != "visible", scan_sheet(archive, part) if part in parts else None)
            for sheet, relation in sheets
            for part in [relation.target]
        ]


def count_cells(archive: ZipFile, part: str) -> int:
    """Return how many cells the XML of a sheet has, by their tags: many times faster than a parser."""
    counted, rest = 0, b""
    tags: tuple[bytes, ...] = ()
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            text = rest + chunk
            root = None if tags else ROOT.search(text)
            tags = tuple(b"<" + (root[1] or b"") + b"c" + end for end in CELL_ENDS) if root else tags
            counted += sum(text.count(tag) for tag in tags)
            rest = text[-LONGEST_TAG:] if tags else text
            counted -= sum(rest.count(tag) for tag in tags)
    return counted + sum(rest.count(tag) for tag in tags)


def scan_sheet(archive: ZipFile, part: str) -> SheetScan:
    """Return what the XML of a sheet says."""
    reading = _Reading()
    with archive.open(part) as stream:
        reading.parser.ParseFile(stream)
    return reading.scan


class _Reading:
    """The state of the pass: where it is, and what the open cell has had so far."""

    def __init__(self) -> None:
        self.scan = SheetScan()
        self.row = self.column = 0
        self.part = ""
        self.text: dict[str, str] = {}
        self.kind = ""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

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

    def _open_cell(self, attributes: dict[str, str]) -> None:
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
