"""The choices of a plan in a form, and the plan as text with a check of every line."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coxa.errors import CoxaError, OptionError
from coxa.page.choices import choice_groups, chosen_text
from coxa.page.door import form_of
from coxa.page.home import Place
from coxa.page.plan_text import EditedError, PlanText, checked_text, read_plan_text, sha256_of, write_plan
from coxa.page.remembered import recall
from coxa.page.screens.common import address, desk_of, environment, go, place_of, show


def choices(request: Request) -> Response:
    """Show what can be chosen."""
    return _choices(request, place_of(request))


def _choices(request: Request, place: Place, problem: str = "", status: int = 200, faults: object = ()) -> Response:
    plan = read_plan_text(place, desk_of(request).home)
    groups = choice_groups(plan.plan) if plan and plan.plan else []
    return show(
        request, "choices.html.j2", place, status, step="choices", groups=groups, problem=problem, faults=faults,
        saved=request.query_params.get("saved") == "yes",
    )  # fmt: skip


def choose(request: Request) -> Response:
    """Write what was chosen to the plan; nothing is written where the parts of the plan would not agree."""
    place, form, home = place_of(request), form_of(request), desk_of(request).home
    plan = read_plan_text(place, home)
    if plan is None or plan.plan is None:
        return _choices(request, place, "The plan has faults. Correct them first.", 422)
    try:
        text = chosen_text(plan.text, plan.plan, form)
        checked = checked_text(text, plan.name, place.folder, home)
        if checked.faults.errors:
            problem = "What you chose does not agree with the rest of the plan, and nothing was changed."
            return _choices(request, place, problem, 422, checked.faults)
        write_plan(place, plan.name, text, str(form.get("shown", "")))
    except CoxaError as error:
        return _choices(request, place, str(error), 409 if isinstance(error, EditedError) else 422)
    return go(address(place, "run" if form.get("then") == "run" else "choices") + "?saved=yes")


def plan(request: Request) -> Response:
    """Show the plan as text."""
    place = place_of(request)
    now = read_plan_text(place, desk_of(request).home)
    saved = request.query_params.get("saved") == "yes"
    return _plan(request, place, now, sha256_of(now.text) if now else "", saved=saved)


def _plan(
    request: Request, place: Place, edited: PlanText | None, shown: str, problem: str = "", status: int = 200,
    saved: bool = False,
) -> Response:  # fmt: skip
    return show(
        request, "plan.html.j2", place, status, step="plan", edited=edited, shown=shown, problem=problem, saved=saved,
        undo=recall(place).before is not None,
    )  # fmt: skip


def _sent(request: Request, place: Place) -> PlanText:
    """Return the plan that was sent, checked."""
    text = str(form_of(request).get("text", "")).replace("\r\n", "\n")
    name = place.plan.name if place.plan else _name(text)
    return checked_text(text, name, place.folder, desk_of(request).home)


def _name(text: str) -> str:
    """Return the name of the file of a new plan."""
    return "audit.yaml" if any(line.startswith("audit:") for line in text.splitlines()) else "study.yaml"


def save(request: Request) -> Response:
    """Write the plan as it was edited, also with faults: they are shown, and it cannot be run with them."""
    place, form = place_of(request), form_of(request)
    edited, shown = _sent(request, place), str(form.get("shown", ""))
    if form.get("then") == "check":
        return _plan(request, place, edited, shown)
    try:
        write_plan(place, edited.name, edited.text, shown)
    except EditedError as error:
        now = read_plan_text(place, desk_of(request).home)
        return _plan(request, place, edited, now.sha256 if now else "", str(error), 409)
    return go(address(place, "plan") + "?saved=yes")


def check(request: Request) -> Response:
    """Return what is wrong with the plan as it is being edited, as a part of the page."""
    edited = _sent(request, place_of(request))
    return HTMLResponse(environment().get_template("faults.html.j2").render(edited=edited))


def undo(request: Request) -> Response:
    """Put the plan back as it was before its last change."""
    place = place_of(request)
    before = recall(place).before
    if before is None or place.plan is None:
        raise OptionError("There is no earlier plan. Change the plan as text.")
    write_plan(place, place.plan.name, before, str(form_of(request).get("shown", "")))
    return go(address(place, "plan") + "?saved=yes")
