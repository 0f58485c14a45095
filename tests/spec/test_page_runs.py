"""Runs of the local page: the bytes of the command, in a process of their own that is followed and can be cancelled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coxa.page.home import WORK, Home, Place
from coxa.page.runs import Run, Runs, command
from coxa.study.examples import write_example
from tests.spec.page_client import Client

TIMES = "run.json"
"""The only file of a report that differs between two runs: it has their wall times."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    write_example(tmp_path / "trial", "parallel-trial")
    return Place("trial", tmp_path / "trial")


def ended(runs: Runs, place: Place) -> Run:
    """Wait until the run of a study has ended; return it."""
    while (run := runs.last(place)) is None or run.ended is None:
        time.sleep(0.05)
    return run


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != TIMES)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def by_command(place: Place, out: str) -> Path:
    """Run the command that the page shows, as a statistician does; return where it wrote."""
    words = command(place, 1)
    assert words[-2:] == ["--out", "runs/1"]
    typed = [sys.executable, "-m", "coxa.cli.main", *words[1:-1], out]
    subprocess.run(typed, cwd=place.folder, check=True, capture_output=True)
    return place.folder / out


@pytest.mark.slow
def test_the_bytes_of_a_run_are_those_of_the_command(place: Place) -> None:
    client = Client.of(place.folder.parent)
    assert client.post("/study/trial/run/start").to == "/study/trial/run"
    assert "is going on" in client.get("/study/trial/run").text
    run = ended(client.runs, place)
    assert (run.state, run.number) == ("done", 1)
    assert files(place.run(1)) == files(by_command(place, "again/1"))
    assert {"report.html", "report.pdf", "report.docx"} <= set(place.results(1))
    page = client.get("/study/trial/runs/1")
    assert 'src="/study/trial/runs/1/page/report.html"' in page.text
    assert client.get("/study/trial/runs/1/save/report.pdf").body == (place.run(1) / "report.pdf").read_bytes()
    assert "Run 1 is done" in client.get("/study/trial/run").text
    assert json.loads(client.get("/study/trial/run/state").text)["state"] == "done"
    (place.folder / "study.yaml").write_bytes((place.folder / "study.yaml").read_bytes() + b"# later\n")
    assert "The plan was changed since this run." in client.get("/study/trial/runs/1").text


@pytest.mark.slow
def test_the_bytes_of_an_audit_are_those_of_the_command_and_two_runs_are_compared(tmp_path: Path) -> None:
    plan = write_example(tmp_path / "clinics", "audit")
    place, client = Place("clinics", plan.parent), Client.of(tmp_path)
    for _ in range(2):
        client.post("/study/clinics/run/start")
        assert ended(client.runs, place).state == "done"
        plan.write_text(plan.read_text(encoding="utf-8").replace("small_cells: 5", "small_cells: 8"), encoding="utf-8")
    assert files(place.run(2)) == files(by_command(place, "again/2"))
    assert "Compare run 1 with run 2" in client.get("/study/clinics/compare").text
    moved = client.get("/study/clinics/compare/page")
    assert "small cells: not given, now k: 8" in moved.text
    assert "sandbox" in moved.headers["content-security-policy"]


def test_two_tabs_start_one_run_and_each_sees_it(place: Place) -> None:
    one = Client.of(place.folder.parent)
    other = Client(one.app, one.door, one.cookie)
    one.post("/study/trial/run/start")
    first = one.runs.last(place)
    other.post("/study/trial/run/start")
    assert one.runs.last(place) is first
    for client in (one, other, one):
        assert "Run 1 is going on" in client.get("/study/trial/run").text
        assert json.loads(client.get("/study/trial/run/state").text)["state"] == "running"
    other.post("/study/trial/run/cancel")
    ended(one.runs, place)
    for client in (one, other):
        assert "The run was cancelled" in client.get("/study/trial/run").text


def test_a_run_that_is_cancelled_is_gone_and_keeps_nothing(place: Place) -> None:
    runs = Runs(place.folder.parent)
    run = runs.start(place)
    assert run.process is not None
    runs.cancel(place)
    assert ended(runs, place).state == "cancelled"
    assert run.process.poll() is not None
    assert not run.folder.exists()
    assert place.runs() == []


@pytest.mark.skipif(os.name == "nt", reason="a signal that Windows does not have")
def test_a_run_that_dies_says_so(place: Place) -> None:
    client = Client.of(place.folder.parent)
    client.post("/study/trial/run/start")
    run = client.runs.last(place)
    os.kill(run.process.pid, signal.SIGKILL)
    assert ended(client.runs, place).state == "failed"
    text = client.get("/study/trial/run").text
    assert "The run ended without a result" in text
    assert "ended by signal 9" in text
    assert "Run the plan" in text


def test_a_run_that_finds_something_says_what(place: Place) -> None:
    client = Client.of(place.folder.parent)
    (place.folder / "data" / "participants.csv").write_text("participant_id\n", encoding="utf-8")
    client.post("/study/trial/run/start")
    assert ended(client.runs, place).state == "failed"
    assert "error" in client.get("/study/trial/run").text
    assert place.runs() == []


def test_the_end_of_the_page_ends_its_runs(place: Place) -> None:
    told: list[str] = []
    client = Client.of(place.folder.parent, end=lambda: told.append("ended"))
    client.post("/study/trial/run/start")
    process = client.runs.last(place).process
    assert (place.folder.parent / WORK).is_dir()
    assert client.post("/end").heading == "The page has ended"
    assert told == ["ended"]
    assert process.poll() is not None
    assert ended(client.runs, place).state == "cancelled"
    assert not (place.folder.parent / WORK).exists()


def test_temporary_files_of_a_run_are_in_the_chosen_folder(place: Place) -> None:
    runs = Runs(place.folder.parent)
    run = runs.start(place)
    assert run.process is not None
    runs.cancel(place)
    assert str(runs.work).startswith(str(place.folder.parent))
    Home.of(place.folder.parent).tidy()
    assert not runs.work.exists()


def test_an_audit_has_letters_and_the_run_that_was_shared_before(tmp_path: Path) -> None:
    plan = write_example(tmp_path / "clinics", "audit")
    place, client = Place("clinics", plan.parent), Client.of(tmp_path)
    (place.folder / "runs" / "1").mkdir(parents=True)
    (place.folder / "runs" / "1" / "results.json").write_text("{}")
    assert 'name="letters"' in client.get("/study/clinics/run").text
    assert client.post("/study/clinics/run/start", {"earlier": "7"}).status == 404
    assert client.post("/study/clinics/run/start", {"earlier": "../1"}).status == 404
    assert client.runs.last(place) is None
    client.post("/study/clinics/run/start", {"earlier": "1", "letters": "yes"})
    run = client.runs.last(place)
    assert run.command[-4:] == ["--letters", "pdf", "--earlier", "runs/1"]
    client.runs.cancel(place)
    ended(client.runs, place)


def test_lines_of_progress_are_followed_and_others_are_messages(place: Place) -> None:
    run = Run(place, 1)
    for line in ("progress\tAnalysis of pain\t1\t4", "warning: two rows", "", "progress\tnot\tthis"):
        Runs._heard(run, line)
    assert (run.text, run.done, run.total) == ("Analysis of pain, step 2 of 4", 1, 4)
    assert list(run.messages) == ["warning: two rows", "progress\tnot\tthis"]
