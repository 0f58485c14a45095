"""The plan on the local page: chosen in forms, edited as text, never written over what another tab wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.datastructures import FormData

from coxa.errors import OptionError
from coxa.page.choices import ChoiceGroup, choice_groups, chosen_text
from coxa.page.home import Home, Place
from coxa.page.plan_text import PlanText, checked_text, differing_lines, sha256_of
from coxa.study.examples import KNOWN, TEMPLATES, write_example
from tests.spec.page_client import Client


def example(name: str, tmp_path: Path) -> PlanText:
    file = KNOWN[name].plan
    text = (TEMPLATES / name / file).read_text(encoding="utf-8")
    return checked_text(text, file, tmp_path, Home.of(tmp_path))


def as_they_are(groups: list[ChoiceGroup]) -> list[tuple[str, str]]:
    """Return what a browser sends when nothing is changed."""
    return [(choice.field, word) for group in groups for choice in group.choices for word in choice.chosen]


def changed(plan: PlanText, field: str, *words: str) -> list[tuple[str, str]]:
    """Return the lines that one change adds and removes."""
    assert plan.plan is not None
    sent = [(name, word) for name, word in as_they_are(choice_groups(plan.plan)) if name != field]
    text = chosen_text(plan.text, plan.plan, FormData([*sent, *((field, word) for word in words)]))
    return [(kind, line.split("#")[0].strip()) for kind, line in differing_lines(plan.text, text)]


@pytest.mark.parametrize("name", list(KNOWN))
def test_what_is_left_as_it_was_stays_to_the_byte(tmp_path: Path, name: str) -> None:
    plan = example(name, tmp_path)
    assert plan.plan is not None
    groups = choice_groups(plan.plan)
    assert groups
    assert chosen_text(plan.text, plan.plan, FormData(as_they_are(groups))) == plan.text


def test_choices_of_a_trial_are_keys_of_its_estimand(tmp_path: Path) -> None:
    plan = example("parallel-trial", tmp_path)
    at = "estimands.primary"
    assert changed(plan, f"{at}.endpoint.measure", "value") == [
        ("removed", "measure: change"),
        ("added", "measure: value"),
    ]
    assert changed(plan, f"{at}.endpoint.visit", "week_12", "week_26") == [
        ("removed", "visit: week_12"),
        ("added", "visit: [week_12, week_26]"),
    ]
    assert changed(plan, f"{at}.treatment.compare", "exercise")[1] == ("added", "compare: [exercise]")


def test_choices_of_an_audit_are_keys_of_its_plan(tmp_path: Path) -> None:
    plan = example("audit", tmp_path)
    assert changed(plan, "small_cells.k", "10") == [("removed", "small_cells: 5"), ("added", "small_cells: 10")]
    assert changed(plan, "time", "month") == [("removed", "time: quarter"), ("added", "time: month")]
    assert changed(plan, "unit_names") == [("removed", "unit_names: true"), ("added", "unit_names: false")]
    adjusters = [word for name, word in as_they_are(choice_groups(plan.plan)) if name == "descriptors.*.adjust"]  # type: ignore[arg-type]
    assert adjusters[0] == "age"
    assert changed(plan, "descriptors.*.adjust", *adjusters[1:]) == [
        ("removed", "adjust: true"),
        ("added", "adjust: false"),
    ]


def test_the_main_outcome_of_an_audit_is_its_first(tmp_path: Path) -> None:
    plan = example("audit", tmp_path)
    assert plan.plan is not None
    sent = [(name, word) for name, word in as_they_are(choice_groups(plan.plan)) if name != "outcomes"]
    text = chosen_text(plan.text, plan.plan, FormData([*sent, ("outcomes", "function")]))
    again = checked_text(text, plan.name, tmp_path, Home.of(tmp_path)).plan
    assert list(plan.plan.outcomes) == ["pain", "function"]
    assert again is not None
    assert list(again.outcomes) == ["function", "pain"]


@pytest.mark.parametrize(
    ("field", "words"),
    [("time", ("week",)), ("time", ()), ("small_cells.k", ("many",)), ("small_cells.k", ("-1",)), ("outcomes", ("x",))],
)
def test_a_word_that_is_not_offered_is_refused(tmp_path: Path, field: str, words: tuple[str, ...]) -> None:
    with pytest.raises(OptionError):
        changed(example("audit", tmp_path), field, *words)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    write_example(tmp_path / "trial", "parallel-trial")
    return Client.of(tmp_path)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return tmp_path / "trial" / "study.yaml"


def sent(client: Client, plan: Path, **other: object) -> dict[str, object]:  # noqa: ARG001
    """Return the form of choices as a browser sends it, with some of it changed."""
    text = plan.read_text(encoding="utf-8")
    checked = checked_text(text, plan.name, plan.parent, Home.of(plan.parent.parent))
    assert checked.plan is not None
    form: dict[str, list[str]] = {}
    for name, word in as_they_are(choice_groups(checked.plan)):
        form.setdefault(name, []).append(word)
    return {"shown": sha256_of(text), **form, **other}


def test_a_choice_is_written_and_shown_with_what_changed(client: Client, plan: Path) -> None:
    answer = client.post("/study/trial/choices", sent(client, plan, **{"estimands.primary.endpoint.visit": "week_26"}))
    assert (answer.status, answer.to) == (303, "/study/trial/choices?saved=yes")
    assert "    visit: week_26 " in plan.read_text(encoding="utf-8")
    shown = client.get(answer.to).text
    assert "<code>estimands.primary.endpoint.visit</code>: <strong>week_26</strong>, before <del>week_12</del>" in shown


def test_what_does_not_agree_with_the_rest_of_the_plan_is_not_written(client: Client, plan: Path) -> None:
    before = plan.read_bytes()
    both = {"estimands.primary.treatment.compare": ["usual_care", "exercise"]}
    answer = client.post("/study/trial/choices", sent(client, plan, **both))
    assert answer.status == 422
    assert "does not agree" in answer.problem
    assert "is compared against itself" in answer.text
    assert plan.read_bytes() == before


def test_of_two_tabs_the_second_does_not_write_over_the_first(client: Client, plan: Path) -> None:
    old = sent(client, plan, **{"estimands.primary.endpoint.visit": "week_6"})
    client.post("/study/trial/choices", sent(client, plan, **{"estimands.primary.endpoint.visit": "week_26"}))
    written = plan.read_bytes()
    answer = client.post("/study/trial/choices", old)
    assert answer.status == 409
    assert "changed in another tab" in answer.problem
    edited = client.post("/study/trial/plan", {"shown": old["shown"], "text": "study: mine\n", "then": "save"})
    assert edited.status == 409
    assert "study: mine" in edited.text, "what was typed is not lost"
    assert plan.read_bytes() == written


def test_the_plan_is_edited_as_text_and_each_fault_has_its_line(client: Client, plan: Path) -> None:
    text = plan.read_text(encoding="utf-8")
    wrong = text.replace("design: parallel ", "design: paralel ")
    checked = client.post("/study/trial/plan/check", {"text": wrong})
    assert "<strong>Line 7, <code>design</code>:</strong>" in checked.text
    assert "did you mean parallel?" in checked.text
    assert plan.read_text(encoding="utf-8") == text
    form = {"shown": sha256_of(text), "text": wrong.replace("\n", "\r\n"), "then": "save"}
    assert client.post("/study/trial/plan", form).status == 303
    assert plan.read_text(encoding="utf-8") == wrong
    assert "cannot be run yet" in client.get("/study/trial/run").text
    assert client.post("/study/trial/run/start").status == 303
    assert client.runs.last(Place("trial", plan.parent)) is None


def test_a_check_without_a_script_shows_the_faults_and_writes_nothing(client: Client, plan: Path) -> None:
    before = plan.read_bytes()
    answer = client.post("/study/trial/plan", {"shown": "", "text": "study: [", "then": "check"})
    assert answer.status == 200
    assert "1 fault" in answer.text
    assert plan.read_bytes() == before


def test_a_change_can_be_put_back(client: Client, plan: Path) -> None:
    before = plan.read_bytes()
    client.post("/study/trial/choices", sent(client, plan, **{"estimands.primary.endpoint.visit": "week_26"}))
    shown = sha256_of(plan.read_text(encoding="utf-8"))
    assert client.post("/study/trial/plan/undo", {"shown": shown}).status == 303
    assert plan.read_bytes() == before


def test_a_plan_is_text_whatever_is_written_in_it(client: Client, plan: Path) -> None:
    text = plan.read_text(encoding="utf-8").replace(
        "title: Exercise therapy for hip osteoarthritis", "title: <script>alert(1)</script>"
    )
    form = {"shown": sha256_of(plan.read_text(encoding="utf-8")), "text": text, "then": "save"}
    assert client.post("/study/trial/plan", form).status == 303
    for page in ("files", "columns", "questions", "findings", "choices", "plan", "run"):
        answer = client.get(f"/study/trial/{page}")
        assert answer.status == 200
        assert "<script>alert" not in answer.text
