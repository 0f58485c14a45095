"""Text files: comma, semicolon, tab or bar; UTF-8 or Windows; decimal point or comma; any line ends."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from coxa.cohort.readers.header import LOOKED_AT, better_header, header_detail, header_names, parts_of_names
from coxa.cohort.readers.quotes import LongCell, long_cells, refuse_swallowed_rows
from coxa.cohort.readers.ragged import Ragged, ragged_findings
from coxa.cohort.readers.raw import FileFault, HeaderFault, ReadOptions, Sheet, with_header
from coxa.findings import Finding

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_BYTES = 128_000
"""Of the beginning of a file, by which its delimiter is found; less than the csv module takes as one cell."""

BLOCK_BYTES = 1 << 24
SHOWN = 3
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""First bytes -> encoding; that of UTF-32 begins like that of UTF-16."""

ENCODING_REMEDY = "Name its `encoding` in the plan, such as utf-8, cp1252 or utf-16, or save it again as UTF-8."


def read_text(path: Path, options: ReadOptions) -> Sheet:
    """Read a text file as a whole, or raise `FileFault`; every value is text, and an empty cell is missing."""
    raw = path.read_bytes()
    encoding, body = _decoded(raw, options.encoding)
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        sheet = _sheet(path.name, body, options)
    except HeaderFault as fault:
        raise fault if options.header_row else better_header(fault, _top_rows(body, options.delimiter)) from None
    return replace(
        sheet,
        details={"encoding": encoding, **sheet.details},
        findings=(*_encoding_note(path.name, encoding, options), *sheet.findings),
    )


def _sheet(file: str, body: bytes, options: ReadOptions) -> Sheet:
    """Return the rows below the header, under its names."""
    numbers = options.header_row or (1,)
    n_above = numbers[-1]
    below = body[_line_start(body, n_above) :]
    sample = _sample(below)
    delimiter = options.delimiter or _delimiter(sample)
    cells = long_cells(body, delimiter)
    top = _rows(_sample(body), delimiter, n_above)
    rows_above = _equally_long(top, len(top[-1]) if top else 0)
    header = header_names(rows_above, numbers)
    if not any(name.strip() for name in header):
        raise HeaderFault("The first line of the file names no columns", "Write the column names in the first line")
    table, unreadable = _parse(below, delimiter, len(header))
    frame = table.to_pandas()
    _account_for_lines(body, cells, n_above, len(frame) + len(unreadable))
    refuse_swallowed_rows(cells, frame, delimiter)
    n_fitting = int(frame.notna().any(axis=1).sum())
    if n_fitting < len(unreadable):
        raise _other_width(len(header), n_fitting, unreadable)
    frame, notes = with_header(frame, header, file)
    unreadable = [replace(one, row=one.row + n_above - 1) for one in unreadable]
    named = DELIMITERS.get(delimiter, delimiter)
    rows = np.arange(n_above + 1, n_above + 1 + len(frame) + len(unreadable), dtype=np.int64)
    return Sheet(
        frame,
        np.delete(rows, [one.row - n_above - 1 for one in unreadable]),
        unreadable=tuple((one.row, one.text) for one in unreadable),
        details={"delimiter": named, **header_detail(options.header_row)},
        findings=(*notes, *ragged_findings(file, named, unreadable)),
        parts=parts_of_names(rows_above, numbers),
    )


def _line_start(body: bytes, line: int) -> int:
    """Return where a line, counted from 1, begins; the end of the text where there is none."""
    start = 0
    for _ in range(line - 1):
        start = body.find(b"\n", start) + 1 or len(body)
    return start


def _rows(sample: str, delimiter: str, n_rows: int) -> list[list[str]]:
    return list(islice(csv.reader(io.StringIO(sample), delimiter=delimiter), n_rows))


def _equally_long(rows: list[list[str]], width: int) -> list[list[str]]:
    """Return rows filled up, or cut, to a number of cells."""
    return [[*row[:width], *[""] * (width - len(row))] for row in rows]


def _top_rows(body: bytes, delimiter: str | None) -> list[list[str]]:
    """Return the first rows, cut by the delimiter that gives most of them one length of two cells or more."""
    sample = _sample(body)

    def agreement(mark: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in _rows(sample, mark, LOOKED_AT) if len(row) > 1)
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    chosen = delimiter or max(DELIMITERS, key=agreement)
    return _equally_long(_rows(sample, chosen, LOOKED_AT), agreement(chosen)[1])


def _account_for_lines(body: bytes, cells: Sequence[LongCell], n_above: int, n_rows: int) -> None:
    """Raise `FileFault` unless every line of the file is a header or above it, a row, or within a quoted cell."""
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    inside = sum(len(cell.lines) for cell in cells)
    if lines != n_above + n_rows + inside:
        raise FileFault(
            f"The file has {lines} lines, {inside} of them within quoted cells, and {n_rows} rows were found "
            "below its header",
            "Look for a stray quotation mark, or save the file again as CSV in UTF-8.",
        )


def _other_width(expected: int, n_fitting: int, unreadable: Sequence[Ragged]) -> HeaderFault:
    """Return the fault of a file in which most rows have another number of cells than the header."""
    found = {one.text for one in unreadable}
    remedy = "Look for a missing name in the header, or name the `delimiter` of the file in the plan."
    if {one.found for one in unreadable} == {expected + 1}:
        remedy = "Add a name at the beginning of the header if rows begin with a row name, as those of R's write.table."
    how_many = f"Only {n_fitting} of {n_fitting + len(unreadable)} rows have" if n_fitting else "No row has"
    rule = f"{how_many} as many cells as the header ({expected})"
    return HeaderFault(rule, remedy, "; ".join(sorted(found)[:SHOWN]))


def _decoded(raw: bytes, declared: str | None) -> tuple[str, bytes]:
    """Return the encoding, and the text in UTF-8 without its byte-order mark."""
    for mark, name in BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return name, _as_utf8(raw[len(mark) :], name)
    if declared:
        return declared.lower().replace("utf8", "utf-8"), _as_utf8(raw, declared)
    if b"\0" in raw:
        raise FileFault("The file holds zero bytes, as text never does", _zero_bytes_remedy(raw))
    for name in ("utf-8", "cp1252"):
        try:
            return name, raw if name == "utf-8" and raw.decode(name) else raw.decode(name).encode()
        except UnicodeDecodeError:
            continue
    raise FileFault("The file is neither UTF-8 nor Windows text (cp1252)", ENCODING_REMEDY)


def _as_utf8(raw: bytes, encoding: str) -> bytes:
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise FileFault(f"The encoding `{encoding}` of the plan is not known", ENCODING_REMEDY) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileFault(f"The file is not text in {encoding}: line {line} has other bytes", ENCODING_REMEDY) from None
    if "\0" in text:
        raise FileFault(f"The file holds zero bytes when it is read as {encoding}", _zero_bytes_remedy(raw))
    return text.encode()


def _zero_bytes_remedy(raw: bytes) -> str:
    """Return what to do about zero bytes: Latin text in UTF-16 has one in every second place."""
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if 2 * raw[first::2].count(0) > len(raw[first::2]) and not raw[1 - first :: 2].count(0):
            return f"It looks like UTF-16 without a byte-order mark. Write `encoding: {name}` in its table."
    return "Check that the file is text, and save it again as CSV in UTF-8."


def _encoding_note(name: str, encoding: str, options: ReadOptions) -> Iterator[Finding]:
    if encoding == "cp1252" and not options.encoding:
        yield Finding(
            "note",
            name,
            "the text file is not UTF-8 and was read as Windows text (cp1252)",
            "Check its letters with accents, and name the `encoding` in the plan if they are wrong.",
        )


def _sample(body: bytes) -> str:
    """Return the beginning of the file, up to its last whole line."""
    if len(body) <= SAMPLE_BYTES:
        return body.decode()
    return body[: body.rfind(b"\n", 0, SAMPLE_BYTES) + 1 or SAMPLE_BYTES].decode(errors="ignore")


def _delimiter(sample: str) -> str:
    """Return the delimiter under which most rows have as many cells as the header."""

    def agreement(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(DELIMITERS, key=agreement)


def _parse(body: bytes, delimiter: str, n_columns: int) -> tuple[pa.Table, list[Ragged]]:
    """Return the table of text, and the rows with another number of cells than the header."""
    unreadable: list[Ragged] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        unreadable.append(Ragged(int(row.number), row.actual_columns, row.expected_columns))
        return "skip"

    names = [str(position) for position in range(n_columns)]
    table = arrow_csv.read_csv(
        io.BytesIO(body),
        read_options=arrow_csv.ReadOptions(
            column_names=names, skip_rows_after_names=1, use_threads=False, block_size=BLOCK_BYTES
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: pa.large_string() for name in names}, strings_can_be_null=True, null_values=[""]
        ),
    )
    return table, unreadable
