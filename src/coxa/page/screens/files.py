"""The files of a study: those that are there, more of them, and which the plan is for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from coxa.errors import CoxaError, OptionError
from coxa.page.door import OLD_FORM, form_of, same
from coxa.page.home import Place
from coxa.page.proposing import is_edited
from coxa.page.remembered import Remembered, recall, remember
from coxa.page.screens.common import address, desk_of, go, place_of, show
from coxa.page.upload import TooLargeError, UnsignedError, receive_files

KINDS = {
    "": "As the files speak for it",
    "trial": "A trial: participants were allocated to arms",
    "cohort": "A cohort: groups that were not allocated",
    "service": "A service evaluation: one group, no comparison",
    "audit": "An audit of one clinic or several",
}
"""Kind of plan -> how it is called."""


def files(request: Request) -> Response:
    """Show the files of a study."""
    return _files(request, place_of(request))


def _files(request: Request, place: Place, problem: str = "", status: int = 200) -> Response:
    noted, there = recall(place), place.data_files()
    chosen = [name for name in noted.files if name in there] or list(there)
    return show(
        request, "files.html.j2", place, status, step="files", problem=problem, chosen=chosen, kind=noted.kind,
        kinds=KINDS, sizes={name: size_text(path) for name, path in there.items()}, edited=is_edited(place),
        most_bytes=desk_of(request).most_upload,
        most=f"{desk_of(request).most_upload / 1e9:g} GB",
    )  # fmt: skip


def size_text(path: Path) -> str:
    """Return the size of a file for a reader.

    Examples
    --------
    >>> size_text(Path(__file__)).endswith("KB")
    True
    """
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} KB"


async def upload(request: Request) -> Response:
    """Take files into the folder of a study."""
    place, desk = place_of(request), desk_of(request)
    chunks = request.stream()

    def check(fields: dict[str, str]) -> None:
        if not same(fields.get("csrf", ""), desk.door.csrf):
            raise UnsignedError(OLD_FORM)
        remember(place)

    try:
        length = request.headers.get("content-length", "")
        await receive_files(
            request.headers.get("content-type", ""), int(length) if length.isdigit() else None, chunks,
            place.folder, check, desk.most_upload,
        )  # fmt: skip
    except ClientDisconnect:
        return Response(status_code=400)
    except CoxaError as error:
        if isinstance(error, OptionError):
            await _rest(chunks, desk.most_upload)
        status = 413 if isinstance(error, TooLargeError) else 403 if isinstance(error, UnsignedError) else 422
        answer = _files(request, place, str(error), status)
        answer.headers["connection"] = "close"
        return answer
    return go(address(place, "files"))


async def _rest(chunks: AsyncIterator[bytes], most: int) -> None:
    """Take in the rest of an upload that is refused: a browser reads the answer only after it has sent everything."""
    size = 0
    with suppress(ClientDisconnect):
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                return


def read(request: Request) -> Response:
    """Read the files that were chosen, and propose a plan for them."""
    place, form = place_of(request), form_of(request)
    there = place.data_files()
    chosen = tuple(name for name in map(str, form.getlist("file")) if name in there)
    kind = str(form.get("kind", ""))
    noted = recall(place)
    answers = noted.answers if (chosen, kind) == (noted.files, noted.kind) else {}
    wanted = Remembered(chosen, kind if kind in KINDS else "", answers)
    try:
        desk_of(request).proposals.write(place, wanted, lose_edits=form.get("lose_edits") == "yes")
    except CoxaError as error:
        return _files(request, place, str(error), 422)
    return go(address(place, "columns"))
