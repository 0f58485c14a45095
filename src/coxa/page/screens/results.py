"""Runs: started, followed, cancelled; their pages and documents; and what moved between two of them."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from datetime import datetime
from html import unescape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from coxa.page.door import form_of
from coxa.page.home import NotThereError, Place
from coxa.page.plan_text import read_plan_text
from coxa.page.remembered import remember
from coxa.page.runs import AuditOptions, command
from coxa.page.screens.common import address, desk_of, go, number_of, place_of, show
from coxa.report.output.html import render_html
from coxa.report.trace.kept import read_kept
from coxa.report.trace.moved import moved_document

SAME = 1e-9
"""Relative difference of numbers that are the same, as `coxa compare` has it."""

STRICT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
IN_A_BOX = "sandbox allow-scripts allow-downloads; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""A report runs as a page of no site: it reaches neither this page, nor its cookie, nor any address."""

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')

FORMS = {"html": "as a page", "pdf": "as PDF", "docx": "as Word"}
PARTS = {"report": "the report", "audit": "the audit", "supplement": "the supplement"}


def run(request: Request) -> Response:
    """Show the runs of a study and what is going on."""
    place = place_of(request)
    last, numbers = desk_of(request).runs.last(place), place.runs()
    typed = shlex.join(last.command if last else command(place, numbers[-1] + 1 if numbers else 1))
    return show(
        request, "run.html.j2", place, step="run", run=last, command=typed,
        runs=[(number, _when(place.run(number))) for number in reversed(numbers)],
    )  # fmt: skip


def _when(folder: Path) -> str:
    moment = datetime.fromtimestamp((folder / "results.json").stat().st_mtime)
    return f"{moment:%Y-%m-%d, %H:%M}"


def start(request: Request) -> Response:
    """Start a run, or show the one that is going on."""
    place = place_of(request)
    desk = desk_of(request)
    plan = read_plan_text(place, desk.home)
    if plan is not None and plan.plan is not None:
        form = form_of(request)
        before = str(form.get("earlier", ""))
        earlier = number_of(request, before) if before else None
        if earlier is not None:
            place.run(earlier)
        remember(place)
        desk.runs.start(place, AuditOptions(form.get("letters") == "yes", earlier))
    return go(address(place, "run"))


def cancel(request: Request) -> Response:
    """End the process of a run."""
    place = place_of(request)
    desk_of(request).runs.cancel(place)
    return go(address(place, "run"))


def state(request: Request) -> Response:
    """Return how far the last run of a study is, for the script of the page."""
    last = desk_of(request).runs.last(place_of(request))
    if last is None:
        return JSONResponse({"state": "none"})
    return JSONResponse(
        {"state": last.state, "text": last.text, "done": last.done, "total": last.total, "seconds": last.seconds}
    )


def result(request: Request) -> Response:
    """Show the page of a run in a frame, with its documents to save."""
    place, number = place_of(request), number_of(request)
    files = place.results(number)
    page = next((name for name in ("report.html", "audit.html") if name in files), None)
    named = [(name, f"{PARTS[Path(name).stem]} {FORMS[name.rsplit('.', 1)[-1]]}") for name in _ordered(files)]
    others = [other for other in place.runs() if other != number]
    return show(
        request, "result.html.j2", place, step="run", number=number, page=page, files=named, others=others,
        current=_is_of_the_plan(place, number), own=(place.run(number) / "own").is_dir(),
    )  # fmt: skip


def _ordered(files: dict[str, Path]) -> list[str]:
    """Return the names of files, the main ones first."""
    forms = list(FORMS)
    return sorted(files, key=lambda name: (name.startswith("supplement"), forms.index(name.rsplit(".", 1)[-1])))


def _is_of_the_plan(place: Place, number: int) -> bool:
    """Return whether a run is of the plan as it is now."""
    if place.plan is None:
        return False
    kept = json.loads((place.run(number) / "results.json").read_text(encoding="utf-8"))
    return bool(kept["plan"]["sha256"] == hashlib.sha256(place.plan.read_bytes()).hexdigest())


def _file(request: Request) -> Path:
    files = place_of(request).results(number_of(request))
    name = request.path_params["name"]
    if name not in files:
        raise NotThereError("There is no such file in the run. Choose one from its page.")
    return files[name]


def save(request: Request) -> Response:
    """Hand over a document of a run."""
    path, place = _file(request), place_of(request)
    return FileResponse(path, filename=f"{place.folder.name}-{number_of(request)}-{path.name}")


def page(request: Request) -> Response:
    """Show the page of a run on its own, or in the frame."""
    path = _file(request)
    if path.suffix != ".html":
        raise NotThereError("This document is not a page. Save it.")
    return boxed(path.read_text(encoding="utf-8"))


def boxed(text: str) -> Response:
    """Return a report under its own policy, as a page of no site."""
    found = META.search(text, 0, 10_000)
    policy = unescape(found[1]) if found else STRICT
    headers = {"content-security-policy": f"{policy}; {IN_A_BOX}"}
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def compare(request: Request) -> Response:
    """Show what moved between two runs."""
    place = place_of(request)
    first, second = _two(request, place)
    return show(
        request, "compare.html.j2", place, step="run", first=first, second=second, runs=place.runs(),
    )  # fmt: skip


def _two(request: Request, place: Place) -> tuple[int, int]:
    """Return the two runs that an address names, or the last two."""
    runs = place.runs()
    if len(runs) < 2:
        raise NotThereError("There are no two runs to compare. Run the plan, change one thing, and run it again.")
    given = [request.query_params.get(name) for name in ("first", "second")]
    first, second = (number_of(request, text) if text else run for text, run in zip(given, runs[-2:], strict=True))
    return first, second


def moved(request: Request) -> Response:
    """Show the comparison of two runs, as `coxa compare --page` writes it."""
    place = place_of(request)
    first, second = (read_kept(place.run(number)) for number in _two(request, place))
    return boxed(render_html(moved_document(first, second, SAME)))
