"""Text files: comma, semicolon, tab or bar; UTF-8 or Windows; decimal point or comma; any line ends."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from coxa.cohort.readers.raw import FileFault, ReadOptions, Sheet, check_header
from coxa.findings import Finding

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_BYTES = 256_000
BLOCK_BYTES = 1 << 24
COMMA_NUMBER = re.compile(r"^\s*[+-]?\d+,\d+\s*$")
POINT_NUMBER = re.compile(r"^\s*[+-]?\d+\.\d+\s*$")
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_text(path: Path, options: ReadOptions) -> Sheet:
    """Read a text file; every value is text, and an empty cell is missing."""
    raw = path.read_bytes()
    encoding, mark = _encoding(raw, options.encoding)
    body = raw[mark:] if encoding == "utf-8" else raw[mark:].decode(encoding).encode()
    if b"\r" in body and b"\n" not in body:
        body = body.replace(b"\r", b"\n")
    sample = _sample(body)
    delimiter = options.delimiter or _delimiter(sample)
    header = [name.strip() for name in next(csv.reader(io.StringIO(sample), delimiter=delimiter), [])]
    check_header(header)
    table, unreadable = _parse(body, delimiter, len(header))
    frame = table.to_pandas()
    frame.columns = pd.Index(header)
    rows = np.arange(2, 2 + len(frame) + len(unreadable), dtype=np.int64)
    decimal = options.decimal or _decimal(sample, delimiter)
    details = {"encoding": encoding, "delimiter": DELIMITERS.get(delimiter, delimiter)}
    details |= {"decimal": decimal} if decimal else {}
    return Sheet(
        frame,
        np.delete(rows, [row - 2 for row, _ in unreadable]),
        unreadable=tuple(unreadable),
        details=details,
        findings=tuple(_encoding_note(path.name, encoding, options)),
    )


def _encoding(raw: bytes, declared: str | None) -> tuple[str, int]:
    """Return the encoding and the length of the byte-order mark."""
    for mark, name in BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return name, len(mark)
    if b"\0" in raw[:SAMPLE_BYTES]:
        raise FileFault(
            "a text file should have no zero bytes", "check that the file is text, and save it again as CSV in UTF-8"
        )
    tried = [declared] if declared else ["utf-8", "cp1252"]
    for name in tried:
        try:
            codecs.decode(raw, name)
        except (UnicodeDecodeError, LookupError):
            continue
        return name.lower().replace("utf8", "utf-8"), 0
    raise FileFault(
        f"the file should be text in {' or '.join(tried)}", "name its `encoding` in the plan, or save it as UTF-8"
    )


def _encoding_note(name: str, encoding: str, options: ReadOptions) -> Iterator[Finding]:
    if encoding == "cp1252" and not options.encoding:
        yield Finding(
            "note",
            name,
            "a text file should be UTF-8; this one was read as Windows text (cp1252)",
            "look at its letters with accents; name the `encoding` in the plan if they are wrong",
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


def _decimal(sample: str, delimiter: str) -> str | None:
    """Return the decimal mark, or None where the numbers do not tell."""
    cells = [cell for row in csv.reader(io.StringIO(sample), delimiter=delimiter) for cell in row]
    comma = any(COMMA_NUMBER.match(cell) for cell in cells)
    point = any(POINT_NUMBER.match(cell) for cell in cells)
    if comma == point:
        return None
    if point:
        return "."
    return "," if delimiter != "," else None


def _parse(body: bytes, delimiter: str, n_columns: int) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Return the table of text, and the rows with another number of cells than the header."""
    unreadable: list[tuple[int, str]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        unreadable.append((int(row.number), f"{row.actual_columns} cells instead of {row.expected_columns}"))
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
