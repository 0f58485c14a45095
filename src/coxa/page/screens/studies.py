"""The list of studies, a new one, the worked examples, and the end of the page."""

from __future__ import annotations

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from coxa.errors import OptionError
from coxa.page.door import form_of
from coxa.page.home import NotThereError, Place
from coxa.page.screens.common import address, desk_of, go, show
from coxa.study.examples import write_example

EXAMPLES = {
    "trial": ("parallel-trial", "worked-example-trial", "A trial of exercise and manual therapy", "choices"),
    "audit": ("audit", "worked-example-audit", "An audit of several clinics", "choices"),
}
"""Name in addresses -> template, folder, what it is, and the first page."""


def index(request: Request) -> Response:
    """Show the studies in the chosen folder."""
    return _index(request)


def _index(request: Request, problem: str = "", title: str = "", status: int = 200) -> Response:
    desk = desk_of(request)
    shown = [(place, _state(place), address(place, _next(place))) for place in desk.home.places()]
    return show(
        request, "studies.html.j2", status=status, studies=shown, examples=EXAMPLES, problem=problem, title=title,
        here=desk.home.folder.name,
    )  # fmt: skip


def _state(place: Place) -> str:
    """Say how far a study is."""
    if place.plan is None:
        files = len(place.data_files())
        return f"no plan yet, {files} data file{'' if files == 1 else 's'}"
    runs = len(place.runs())
    kind = "audit" if place.is_audit else "study"
    return f"{kind}, {runs} run{'' if runs == 1 else 's'}" if runs else f"{kind}, not run yet"


def _next(place: Place) -> str:
    """Return the page at which one goes on."""
    if place.plan is None:
        return "files"
    return "run" if place.runs() else "findings"


def new(request: Request) -> Response:
    """Make a new study."""
    title = str(form_of(request).get("title", ""))
    try:
        place = desk_of(request).home.new(title)
    except OptionError as error:
        return _index(request, str(error), title, 422)
    return go(address(place, "files"))


def example(request: Request) -> Response:
    """Open a worked example; the first time it is copied to the chosen folder."""
    name = request.path_params["example"]
    if name not in EXAMPLES:
        raise NotThereError("There is no such example. Choose one from the list.")
    template, folder, _, first = EXAMPLES[name]
    home = desk_of(request).home
    place = Place(folder, home.folder / folder)
    if not place.folder.exists():
        write_example(place.folder, template)
    return go(address(home.place(folder), first))


def end(request: Request) -> Response:
    """Say that the page has ended, and end it: its runs too."""
    answer = show(request, "ended.html.j2")
    answer.background = BackgroundTask(desk_of(request).end)
    return answer
