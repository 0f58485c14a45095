"""The application: which address is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coxa.errors import CoxaError
from coxa.page.checking import Checks
from coxa.page.door import Door, Guard
from coxa.page.home import Home, NotThereError
from coxa.page.plan_text import EditedError
from coxa.page.proposing import Proposals
from coxa.page.runs import Runs
from coxa.page.screens import data, plan, results, studies, understood
from coxa.page.screens import files as file_screens
from coxa.page.screens.common import Desk, refusal
from coxa.page.upload import LARGEST_UPLOAD

STATIC = {"page.css": "text/css", "page.js": "text/javascript"}
"""The files that a page loads, all from the package."""


def _routes() -> list[Route]:
    """Return the routes; what changes something is a form that is sent."""
    get: dict[str, Callable[..., Any]] = {
        "/": studies.index,
        "/static/{name}": static,
        "/study/{study}/files": file_screens.files,
        "/study/{study}/columns": understood.columns,
        "/study/{study}/questions": understood.questions,
        "/study/{study}/findings": data.findings,
        "/study/{study}/choices": plan.choices,
        "/study/{study}/plan": plan.plan,
        "/study/{study}/run": results.run,
        "/study/{study}/run/state": results.state,
        "/study/{study}/runs/{number}": results.result,
        "/study/{study}/runs/{number}/page/{name}": results.page,
        "/study/{study}/runs/{number}/save/{name}": results.save,
        "/study/{study}/compare": results.compare,
        "/study/{study}/compare/page": results.moved,
    }
    post: dict[str, Callable[..., Any]] = {
        "/new": studies.new,
        "/example/{example}": studies.example,
        "/end": studies.end,
        "/study/{study}/upload": file_screens.upload,
        "/study/{study}/read": file_screens.read,
        "/study/{study}/questions": understood.answer,
        "/study/{study}/choices": plan.choose,
        "/study/{study}/plan": plan.save,
        "/study/{study}/plan/check": plan.check,
        "/study/{study}/plan/undo": plan.undo,
        "/study/{study}/run/start": results.start,
        "/study/{study}/run/cancel": results.cancel,
    }
    return [
        *(Route(path, view, methods=["GET"]) for path, view in get.items()),
        *(Route(path, view, methods=["POST"]) for path, view in post.items()),
    ]


def page_app(
    home: Home,
    door: Door,
    *,
    end: Callable[[], None] = lambda: None,
    most_upload: int = LARGEST_UPLOAD,
) -> Guard:
    """Return the page of a folder as an ASGI application.

    Parameters
    ----------
    home
        The chosen folder.
    door
        Where it listens, and its secrets.
    end
        Ends the server.
    most_upload
        Bytes of one upload that are taken.
    """
    home.tidy()
    runs = Runs(home.folder)

    def finish() -> None:
        runs.end()
        end()

    handlers: dict[Any, Any] = {CoxaError: _sorry, HTTPException: _no_page, OSError: _no_file, Exception: _fault}
    app = Starlette(routes=_routes(), exception_handlers=handlers)
    app.state.desk = Desk(home, door, runs, Proposals(), Checks(home), finish, most_upload)
    return Guard(app, door, refusal)


def static(request: Request) -> Response:
    """Return the style or the script of the page."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise NotThereError("There is no such file. Load the page again.")
    text = files("coxa.page").joinpath("static", name).read_text(encoding="utf-8")
    return Response(text, media_type=STATIC[name])


async def _sorry(_: Request, error: Exception) -> Response:
    """Say what is wrong, in the words of the error."""
    status = 404 if isinstance(error, NotThereError) else 409 if isinstance(error, EditedError) else 422
    return refusal(status, "Not found" if status == 404 else "Not done", str(error))


async def _no_page(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return refusal(status, "Not found", "There is no such page. Go back to the list of studies.")


async def _fault(_: Request, error: Exception) -> Response:
    what = (
        f"Unexpected {type(error).__name__}. This is a fault of coxa, not of your data. Report what the terminal shows."
    )
    return refusal(500, "Not done", what)


async def _no_file(_: Request, error: Exception) -> Response:
    what = error.filename if isinstance(error, OSError) and error.filename else "A file"
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return refusal(500, "Not done", f"{what} cannot be read or written: {why}. Check the folder, and try again.")
