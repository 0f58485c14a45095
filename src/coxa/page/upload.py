"""Files that are sent to a study: written as they come to a part in its folder, and named when they are complete.

Nothing of a file is kept in memory or in a folder for temporary files.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from coxa.errors import CoxaError, OptionError
from coxa.files import whole_file
from coxa.page.home import file_name

LARGEST_UPLOAD = 1_000_000_000
"""Bytes of the files of one upload; larger ones are copied to the folder without a browser."""

NOT_COMPLETE = "The upload is not complete. Send it again."

LARGEST_FIELD, MOST_FILES = 10_000, 50


class TooLargeError(CoxaError):
    """An upload is larger than allowed."""

    def __init__(self, most: int) -> None:
        size = f"{most / 1e9:g} GB" if most >= 1e9 else f"{most / 1e6:g} MB"
        super().__init__(f"The files are larger than {size}. Copy them to the folder of the study instead.")


class UnsignedError(CoxaError):
    """An upload lacks the token of the page."""


@dataclass
class Upload:
    """An upload while it is read; its parts are gone when the stack is closed before they are complete.

    folder : of the study
    check  : raises unless the fields that came before the first file are those of a form of this page
    stack  : closes files, and gives them their names or removes them
    """

    folder: Path
    check: Callable[[dict[str, str]], None]
    stack: ExitStack
    fields: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _field: str | None = None
    _text: bytearray = field(default_factory=bytearray)
    _file: IO[bytes] | None = None
    complete: bool = False

    def callbacks(self) -> Any:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._all,
        }

    def _all(self) -> None:
        self.complete = True

    def _begin(self) -> None:
        self._headers, self._field, self._file = {}, None, None
        self._text.clear()

    def _header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        given = options.get(b"filename")
        if given is None:
            self._field = options.get(b"name", b"").decode("utf-8", "replace")
        elif given:
            self._open(given.decode("utf-8", "replace"))

    def _open(self, given: str) -> None:
        """Begin a file: its part, in the folder of the study."""
        if not self.names:
            self.check(self.fields)
        name = file_name(given)
        there = {path.name.lower() for path in self.folder.iterdir()}
        if name.lower() in (earlier.lower() for earlier in self.names):
            raise OptionError(f"Two files are called {name}. Rename one of them.")
        if name.lower() in there and self.fields.get("replace") != "yes":
            raise OptionError(f"There is a file {name} already. Rename the new one, or tick that it replaces the old.")
        if (self.folder / name).is_symlink() or (self.folder / name).is_dir():
            raise OptionError(f"{name} is a link or a folder in the study. Rename the file.")
        if len(self.names) == MOST_FILES:
            raise OptionError(f"There are more than {MOST_FILES} files. Send fewer at once.")
        self.names.append(name)
        part = self.stack.enter_context(whole_file(self.folder / name, private=True))
        self._file = self.stack.enter_context(part.open("wb"))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
        elif self._field is not None:
            self._text.extend(data[start:end])
            if len(self._text) > LARGEST_FIELD or len(self.fields) > MOST_FILES:
                raise OptionError("The form is too large. Load the page again.")

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
        elif self._field is not None:
            self.fields[self._field] = self._text.decode("utf-8", "replace")


async def receive_files(
    content_type: str,
    length: int | None,
    chunks: AsyncIterator[bytes],
    folder: Path,
    check: Callable[[dict[str, str]], None],
    most: int = LARGEST_UPLOAD,
) -> list[str]:
    """Write the files of an upload to a folder, all or none; return their names.

    Parameters
    ----------
    content_type, length
        Headers of the request.
    chunks
        Its body, as it comes.
    folder
        Of the study.
    check
        Raises unless the fields before the first file are those of a form of this page.
    most
        Bytes that are allowed.

    Raises
    ------
    TooLargeError, OptionError, UnsignedError
        Nothing was written.
    """
    if length is not None and length > most:
        raise TooLargeError(most)
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise OptionError("The upload cannot be read. Send it again.")
    with ExitStack() as stack:
        upload = Upload(folder, check, stack)
        parser, size = MultipartParser(boundary, upload.callbacks()), 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise TooLargeError(most)
                parser.write(chunk)
            parser.finalize()
        except FormParserError:
            raise OptionError(NOT_COMPLETE) from None
        if not upload.complete:
            raise OptionError(NOT_COMPLETE)
        if not upload.names:
            check(upload.fields)
            raise OptionError("No file was chosen. Choose one.")
    return upload.names
