"""From a file to a plan on the local page: every column with its reason, every open question asked, nothing guessed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from coxa.importing.proposing import propose
from coxa.importing.write import plan_text
from coxa.page.home import Home, Place
from coxa.page.remembered import Remembered, recall, remember
from coxa.study import read_study
from coxa.study.audit.read import read_audit
from coxa.study.examples import demo_files
from tests.spec.page_client import Client

HEAD = "Patient,Site,Intake date,Discharge date,NPRS start,NPRS end\n"
ROWS = HEAD + "".join(
    f"{100 + k:03d},{'North' if k % 2 else 'South'},0{k % 9 + 1}/04/2025,0{k % 9 + 1}/06/2025,{5 + k % 4},{k % 4}\n"
    for k in range(20)
)
QUESTION = "date_format:july.csv:Intake date"


@pytest.fixture
def client(tmp_path: Path) -> Client:
    client = Client.of(tmp_path)
    client.post("/new", {"title": "Clinic 2025"})
    client.upload("clinic-2025", [("july.csv", ROWS.encode())])
    return client


@pytest.fixture
def folder(client: Client, tmp_path: Path) -> Path:  # noqa: ARG001
    return tmp_path / "clinic-2025"


def read(client: Client, **other: str) -> str:
    answer = client.post("/study/clinic-2025/read", {"file": "july.csv", "kind": "audit", **other})
    return answer.to or answer.problem


def test_from_a_file_to_a_plan_that_has_no_faults(client: Client, folder: Path) -> None:
    assert read(client) == "/study/clinic-2025/columns"
    columns = client.get("/study/clinic-2025/columns").text
    for column in ("Patient", "Site", "Intake date", "NPRS start"):
        assert f'<th scope="row">{column}<small>july.csv</small></th>' in columns
    questions = client.get("/study/clinic-2025/questions").text
    assert f'name="answer.{QUESTION}" value="%d/%m/%Y"' in questions
    answer = client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%d/%m/%Y"})
    assert answer.to == "/study/clinic-2025/findings"
    assert read_audit(folder / "audit.yaml").data.date_format
    expected = propose([folder / "july.csv"], "audit", {QUESTION: "%d/%m/%Y"})
    assert (folder / "audit.yaml").read_text(encoding="utf-8") == plan_text(expected, folder)
    findings = client.get("/study/clinic-2025/findings").text
    assert "Go on to the choices" in findings
    assert client.get("/study/clinic-2025/choices").status == 200


def test_an_answer_can_be_taken_back(client: Client, folder: Path) -> None:
    read(client)
    before = (folder / "audit.yaml").read_bytes()
    client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%d/%m/%Y"})
    assert (folder / "audit.yaml").read_bytes() != before
    answer = client.post("/study/clinic-2025/questions", {"take_back": QUESTION})
    assert answer.to == "/study/clinic-2025/questions"
    assert (folder / "audit.yaml").read_bytes() == before


def test_an_answer_that_is_not_offered_is_refused(client: Client, folder: Path) -> None:
    read(client)
    before = (folder / "audit.yaml").read_bytes()
    answer = client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%Y"})
    assert answer.status == 422
    assert "not one of those offered" in answer.problem
    assert (folder / "audit.yaml").read_bytes() == before


def test_a_plan_that_was_edited_is_not_proposed_over_without_leave(client: Client, folder: Path) -> None:
    read(client)
    mine = (folder / "audit.yaml").read_text(encoding="utf-8") + "# mine\n"
    (folder / "audit.yaml").write_text(mine, encoding="utf-8")
    assert "loses these changes" in read(client)
    assert (folder / "audit.yaml").read_text(encoding="utf-8") == mine
    assert read(client, lose_edits="yes") == "/study/clinic-2025/columns"
    assert recall(Place("clinic-2025", folder)).before == mine, "it can be put back"


def test_everything_is_there_after_the_page_was_ended(client: Client, folder: Path) -> None:
    read(client)
    client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%d/%m/%Y"})
    later = Client.of(folder.parent)
    assert "NPRS start" in later.get("/study/clinic-2025/columns").text
    assert f"<code>{QUESTION}</code>" in later.get("/study/clinic-2025/questions").text


def test_files_in_a_folder_of_the_study_are_found_by_the_plan(client: Client, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "july.csv").rename(folder / "data" / "july.csv")
    client.post("/study/clinic-2025/read", {"file": "data/july.csv", "kind": "audit"})
    client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%d/%m/%Y"})
    assert read_audit(folder / "audit.yaml").data.folder == "data"
    assert "Go on to the choices" in client.get("/study/clinic-2025/findings").text


def test_a_finding_has_its_rows(client: Client, folder: Path) -> None:
    read(client)
    client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%d/%m/%Y"})
    wrong = ROWS.replace(",8,3\n", ",99,3\n")
    (folder / "july.csv").write_text(wrong, encoding="utf-8")
    text = client.get("/study/clinic-2025/findings").text
    rows = [number for number, line in enumerate(wrong.splitlines(), start=1) if ",99," in line]
    assert rows
    assert all(f'<td class="right">{row}</td>' in text for row in rows)


def test_data_that_changed_are_checked_again_wherever_they_are_in_the_chosen_folder(
    client: Client, folder: Path
) -> None:
    read(client)
    client.post("/study/clinic-2025/questions", {f"answer.{QUESTION}": "%d/%m/%Y"})
    shared = folder.parent / "shared"
    shared.mkdir()
    (folder / "july.csv").rename(shared / "july.csv")
    plan = folder / "audit.yaml"
    plan.write_text(
        plan.read_text(encoding="utf-8").replace("data:\n", "data:\n  folder: ../shared\n"), encoding="utf-8"
    )
    assert "Go on to the choices" in client.get("/study/clinic-2025/findings").text
    (shared / "july.csv").write_text("nothing\n", encoding="utf-8")
    assert "Correct the plan" in client.get("/study/clinic-2025/findings").text


def test_a_folder_that_may_not_be_read_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client.of(tmp_path)
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).name != "closed")
    assert [place.name for place in Home.of(tmp_path).places()] == ["open"]
    assert client.get("/study/closed/files").status == 404


def test_a_file_that_cannot_be_read_is_a_finding_and_no_crash(client: Client, folder: Path) -> None:
    (folder / "july.csv").unlink()
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    client.post("/study/clinic-2025/read", {"file": "broken.xlsx", "kind": "audit"})
    assert "broken.xlsx" in client.get("/study/clinic-2025/columns").text


def test_a_trial_is_proposed_from_its_files_and_every_question_is_answered_on_the_page(tmp_path: Path) -> None:
    client = Client.of(tmp_path)
    client.post("/new", {"title": "Trial"})
    files = sorted((demo_files() / "synthetic_data" / "hip_oa_trial").glob("*.csv"))
    assert client.upload("trial", [(path.name, path.read_bytes()) for path in files]).status == 303
    client.post("/study/trial/read", {"file": [path.name for path in files], "kind": "trial"})
    place = Place("trial", tmp_path / "trial")
    for _ in range(5):
        proposal = client.app.app.state.desk.proposals.of(place)
        needed = [question for question in proposal.questions if question.needed]
        if not needed:
            break
        answers = {f"answer.{question.key}": question.answers[-1].word for question in needed}
        assert client.post("/study/trial/questions", answers).status == 303
    assert not needed
    study = read_study(place.folder / "study.yaml")
    assert study.design == "parallel"
    assert "Nothing in the data stops the plan." in client.get("/study/trial/findings").text


def test_the_worked_examples_are_opened_once(client: Client, folder: Path) -> None:
    for name, file in (("trial", "study.yaml"), ("audit", "audit.yaml")):
        answer = client.post(f"/example/{name}")
        assert answer.to == f"/study/worked-example-{name}/choices"
        plan = folder.parent / f"worked-example-{name}" / file
        plan.write_text(plan.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
        client.post(f"/example/{name}")
        assert plan.read_text(encoding="utf-8").endswith("# mine\n")
    assert client.post("/example/other").status == 404


def test_a_damaged_record_is_as_none(tmp_path: Path) -> None:
    place = Place("x", tmp_path)
    for text in ("", "[]", '{"files": 3}', '{"answers": []}', "\x00"):
        (tmp_path / ".coxa-page.json").write_text(text, encoding="utf-8")
        assert recall(place) == Remembered()
    kept = remember(place, files=("a.csv",), answers={"b": "1", "a": "2"})
    assert recall(place) == kept
    assert list(json.loads((tmp_path / ".coxa-page.json").read_text())["answers"]) == ["b", "a"]


def test_pages_of_a_new_study_lead_to_its_files(tmp_path: Path) -> None:
    client = Client.of(tmp_path)
    client.post("/new", {"title": "Empty"})
    for page in ("columns", "questions", "findings", "choices", "run"):
        answer = client.get(f"/study/empty/{page}")
        assert answer.status == 200
        assert 'href="/study/empty/files"' in answer.text
    assert client.get("/study/empty/compare").status == 404
    assert client.get("/study/empty/plan").status == 200
    assert [place.name for place in Home.of(tmp_path).places()] == ["empty"]
