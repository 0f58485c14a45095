"""What all pages share: the desk with everything that is open, and how a page is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from coxa.page.checking import Checks
from coxa.page.door import Door
from coxa.page.home import Home, NotThereError, Place
from coxa.page.plan_text import changed_keys, changes, read_plan_text
from coxa.page.proposing import Proposals
from coxa.page.runs import Runs
from coxa.tables.characters import printable

STEPS = {
    "files": "Files",
    "columns": "Columns",
    "questions": "Questions",
    "findings": "Findings",
    "choices": "Choices",
    "run": "Run and read",
}
"""Name of a step -> its title, in the order in which they are gone through."""


@dataclass(frozen=True)
class Desk:
    """Everything that is open: the chosen folder, the door, what goes on, and how the page is ended."""

    home: Home
    door: Door
    runs: Runs
    proposals: Proposals
    checks: Checks
    end: Callable[[], None]
    most_upload: int


def desk_of(request: Request) -> Desk:
    """Return the desk."""
    desk: Desk = request.app.state.desk
    return desk


def place_of(request: Request) -> Place:
    """Return the study that an address names."""
    return desk_of(request).home.place(request.path_params["study"])


def number_of(request: Request, text: str | None = None) -> int:
    """Return the number of a run that an address names."""
    given = request.path_params["number"] if text is None else text
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise NotThereError("There is no such run. Choose one from the list of runs.")
    return int(given)


def address(place: Place, *parts: object) -> str:
    """Return the address of a page of a study."""
    return "/".join(["/study", quote(place.name, safe=""), *(quote(str(part), safe="") for part in parts)])


def go(to: str) -> RedirectResponse:
    """Show another page after a form was taken: loading that again sends nothing twice."""
    return RedirectResponse(to, status_code=303)


def show(request: Request, template: str, place: Place | None = None, status: int = 200, **more: Any) -> HTMLResponse:
    """Show a page; of a study with its steps, and with its plan and what the last change of it was."""
    desk = desk_of(request)
    context: dict[str, Any] = {"csrf": desk.door.csrf, "folder": str(desk.home.folder), "place": None, "problem": ""}
    if place is not None:
        context |= {
            "place": place,
            "steps": STEPS,
            "plan": read_plan_text(place, desk.home),
            "changes": changes(place),
            "keys": changed_keys(place),
            "base": address(place),
        }
    text = environment().get_template(template).render(**(context | more))
    return HTMLResponse(printable(text), status_code=status)


@cache
def environment() -> Environment:
    """Return how templates are filled: what is put in is text, never markup."""
    found = Environment(
        loader=PackageLoader("coxa.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["segment"] = lambda text: quote(str(text), safe="")
    return found


def refusal(status: int, heading: str, text: str) -> HTMLResponse:
    """Return the page that says why a request is refused."""
    page = environment().get_template("refused.html.j2").render(heading=heading, text=text, place=None)
    return HTMLResponse(page, status_code=status)
