"""What was understood of the files, and the questions that they leave open."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from coxa.errors import CoxaError
from coxa.importing.proposal import Proposal
from coxa.page.door import form_of
from coxa.page.home import Place
from coxa.page.proposing import answered, is_edited
from coxa.page.remembered import Remembered, recall
from coxa.page.screens.common import address, desk_of, go, place_of, show

STATUS = {"asked": "question open", "mapped": "used", "unused": "not used"}
"""Status of a column -> its words, in the order in which columns are shown."""

ANSWER = "answer."
"""What the field of an answer begins with."""


def columns(request: Request) -> Response:
    """Show what was understood of each column, and why."""
    place = place_of(request)
    proposal = desk_of(request).proposals.of(place)
    readings = sorted(proposal.readings, key=lambda one: list(STATUS).index(one.status)) if proposal else []
    numbers = {words: sum(one.status == status for one in readings) for status, words in STATUS.items()}
    counts = {words: number for words, number in numbers.items() if number}
    return show(
        request, "columns.html.j2", place, step="columns", proposal=proposal, readings=readings, counts=counts,
        words=STATUS,
    )  # fmt: skip


def questions(request: Request) -> Response:
    """Show the questions that are open."""
    return _questions(request, place_of(request))


def _questions(request: Request, place: Place, problem: str = "", status: int = 200) -> Response:
    proposal = desk_of(request).proposals.of(place)
    return show(
        request, "questions.html.j2", place, status, step="questions", proposal=proposal, problem=problem,
        edited=is_edited(place), prefix=ANSWER,
    )  # fmt: skip


def answer(request: Request) -> Response:
    """Take answers, propose the plan anew, and go on when nothing is open that is needed."""
    place, form, desk = place_of(request), form_of(request), desk_of(request)
    noted = recall(place)
    sent = {key.removeprefix(ANSWER): str(word).strip() for key, word in form.items() if key.startswith(ANSWER)}
    sent |= {str(key): "" for key in form.getlist("take_back")}
    if "take_back" not in form:
        sent = {key: word for key, word in sent.items() if word}
    try:
        before = desk.proposals.of(place)
        given = answered(before, noted.answers, sent) if before else noted.answers
        wanted = Remembered(noted.files, noted.kind, given)
        proposal = desk.proposals.write(place, wanted, lose_edits=form.get("lose_edits") == "yes")
    except CoxaError as error:
        return _questions(request, place, str(error), 422)
    return go(address(place, _next(proposal)))


def _next(proposal: Proposal) -> str:
    return "questions" if any(question.needed for question in proposal.questions) else "findings"
