"""What a report says of the lock of its plan, and the record of the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coxa.report.build import build_document
from coxa.report.document import FORMATS, Card, Document, Paragraph, Section, TableBlock
from coxa.report.output.render import render_document
from coxa.report.report import Report
from coxa.report.timing import timed
from coxa.report.topics.protocol.section import deviation_notes, protocol_section
from coxa.report.trace.run_data import run_data
from coxa.report.write import write_report
from coxa.study import read_study
from coxa.study.locking.deviations import PlanStatus, plan_status
from coxa.study.locking.lock import lock
from coxa.study.protocol import Protocol
from tests.spec.small_trial import NASTY, rendered, report
from tests.spec.test_study_lock import WHY, Edit, cs, relaxes, window, written


def reported(folder: Path, amended: tuple[Edit, ...] = (), now: tuple[Edit, ...] = (), why: str = WHY) -> Report:
    """Return the report of a plan that was locked, amended and changed again."""
    lock(written(folder), date="2026-01-15")
    if amended:
        lock(written(folder, *amended), why, date="2026-03-02")
    study = read_study(written(folder, *amended, *now))
    assert study.origin is not None
    run = replace(report().run, plan_sha256=study.origin.sha256)
    return replace(report(), study=study, run=run, status=plan_status(study))


def text_of(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Paragraph)]


def rows_of(section: Section) -> list[tuple[str, list[tuple[str, ...]]]]:
    (table,) = (block.table for block in section.blocks if isinstance(block, TableBlock))
    return [
        (group.label, [(row.label, *(cell.text for cell in row.cells)) for row in group.rows]) for group in table.groups
    ]


def test_a_report_of_a_plan_without_lock_says_so() -> None:
    section = protocol_section(report())
    assert text_of(section)[0].startswith("The plan was not locked.")
    assert len(section.blocks) == 1
    assert deviation_notes(report()) == []


def test_enrolment_outside_the_days_of_the_plan_is_a_departure() -> None:
    made = report()
    said = {"recruitment_target": {"participants": 72, "first_day": "2022-03-01", "last_day": "2023-03-31"},
            "dates": {"first_enrolment": "2022-02-28", "last_enrolment": "2023-04-22"}}  # fmt: skip

    def departures(**changed: dict[str, str]) -> list[str]:
        protocol = Protocol.model_validate({**said, **changed})
        study = made.study.model_copy(update={"protocol": protocol})
        return text_of(protocol_section(replace(made, study=study)))[1:]

    assert departures() == [
        "Enrolment began on 2022-02-28, 1 day before its planned start (2022-03-01).",
        "Enrolment ended on 2023-04-22, 22 days after its planned end (2023-03-31).",
    ]
    assert departures(dates={"first_enrolment": "2022-03-01", "last_enrolment": "2023-03-31"}) == []
    assert departures(dates={}) == []


def test_a_report_of_a_locked_plan_says_when_and_gives_the_hashes(tmp_path: Path) -> None:
    made = reported(tmp_path)
    section = protocol_section(made)
    assert text_of(section) == [
        "The plan of this report is the one that was locked: nothing of the protocol was changed."
    ]
    when, hashes = (block for block in section.blocks if isinstance(block, Card))
    assert when.facts == (("Locked", "2026-01-15, with coxa 0.1.0"),)
    assert made.status.lock is not None
    assert ("Last entry of the lock", made.status.lock.last.sha256) in hashes.facts
    assert deviation_notes(made) == []


def test_a_report_says_where_only_the_file_differs(tmp_path: Path) -> None:
    made = reported(tmp_path, (), (lambda keys: keys.update(title="Another title"),))
    assert made.status.deviations == ()
    assert "not the same, byte for byte" in text_of(protocol_section(made))[0]


def test_every_change_is_listed_under_its_amendment_or_as_not_recorded(tmp_path: Path) -> None:
    section = protocol_section(reported(tmp_path, (cs, relaxes), (window,)))
    assert text_of(section) == [
        "The plan was changed after it was locked: 2 changes recorded as an amendment and 1 change not recorded."
    ]
    assert rows_of(section) == [
        (
            f"Amendment 1, 2026-03-02: {WHY}",
            [
                ("Analysis primary: covariance\N{NO-BREAK SPACE}†", "us", "cs"),
                ("Analysis simpler: relaxes", "the covariance over the visits", "the covariance"),
            ],
        ),
        ("Not recorded: no date and no reason", [("Visit week 12: window\N{NO-BREAK SPACE}†", "not given", "-14, 21")]),
    ]


def test_the_summary_warns_of_unrecorded_changes_of_a_primary_analysis(tmp_path: Path) -> None:
    made = reported(tmp_path, (cs,), (window, relaxes))
    said = [block for block in build_document(made).sections[0].blocks if isinstance(block, Paragraph)]
    notes = [(block.kind, block.text) for block in said if "since the plan was locked" in str(block.text)]
    assert notes == [
        (
            "warning",
            "Warning on the protocol: Changed since the plan was locked, and not recorded as an amendment: "
            "visit week 12: window.",
        ),
        (
            "text",
            "Amended since the plan was locked, with a date and a reason: analysis primary: covariance.",
        ),
    ]


def test_the_summary_is_silent_on_changes_of_other_analyses(tmp_path: Path) -> None:
    assert deviation_notes(reported(tmp_path, (), (relaxes,))) == []


def test_a_very_long_value_is_cut_in_the_table_and_whole_in_the_record(tmp_path: Path) -> None:
    made = reported(tmp_path, (), (lambda keys: keys["analyses"]["simpler"].update(relaxes="x" * 500),))
    ((_, ((_, _, after),)),) = rows_of(protocol_section(made))
    assert after == "x" * 239 + "…"
    assert run_data(made)["lock"]["deviations"][0]["to"] == "x" * 500


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Document:
    why = f"{NASTY} \u202eשלום ‮ 🦴 {'w' * 300} #set text(red) {{{{ 7 * 7 }}}}"
    return build_document(reported(tmp_path_factory.mktemp("hostile"), (cs,), (), why))


@pytest.mark.some(1)
@pytest.mark.parametrize("form", FORMATS)
def test_a_hostile_reason_reaches_every_form_as_text(hostile: Document, form: str) -> None:
    shown = render_document(hostile, form)
    assert len(shown) > 10_000
    if form == "html":
        assert isinstance(shown, str)
        assert "&lt;script&gt;alert(" in shown
        assert "<script>alert(" not in shown
        assert "{{ 7 * 7 }}" in shown


# The record of the run.


def test_the_run_record_has_lock_data_versions_platform_and_seconds(tmp_path: Path) -> None:
    made = replace(reported(tmp_path, (cs,), (window,)), seconds={"read": 0.5, "derive": 0.2, "fit": {"primary": 0.1}})
    write_report(made, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert list(record) == [
        "format",
        "version",
        "study",
        "plan",
        "lock",
        "data",
        "versions",
        "platform",
        "seed",
        "seconds",
    ]
    assert record["lock"]["state"] == "changed"
    assert [entry["date"] for entry in record["lock"]["entries"]] == ["2026-01-15", "2026-03-02"]
    assert [(d["key"], d["recorded"], d["date"]) for d in record["lock"]["deviations"]] == [
        ("analyses.primary.covariance", True, "2026-03-02"),
        ("visits.week_12.window", False, None),
    ]
    assert record["data"]["files"] == {"assessments.csv": "0" * 64}
    assert set(record["platform"]) == {"system", "machine", "python"}
    render = record["seconds"].pop("render")
    assert record["seconds"] == {"read": 0.5, "derive": 0.2, "fit": {"primary": 0.1}}
    assert set(render) == {"document", "html"}
    assert all(seconds >= 0 for seconds in render.values())


def test_every_field_of_the_run_record_is_documented(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "lock.md").read_text(encoding="utf-8")
    record = run_data(reported(tmp_path, (cs,)), {"html": 1.0})
    fields = [*record, *(f"{name}.{key}" for name in ("plan", "lock", "data", "platform") for key in record[name])]
    fields += [f"lock.entries[].{key}" for key in record["lock"]["entries"][0]]
    fields += [f"lock.deviations[].{key}" for key in record["lock"]["deviations"][0]]
    assert [field for field in fields if f"`{field}`" not in page] == []


def test_seconds_are_nowhere_but_in_the_run_record() -> None:
    slow = replace(report(), seconds={"read": 98765.4321})
    assert render_document(build_document(slow), "html") == rendered("html")


def test_a_step_is_timed() -> None:
    seconds: dict[str, float] = {}
    with timed(seconds, "read"):
        pass
    assert list(seconds) == ["read"]
    assert seconds["read"] >= 0


def test_a_status_without_lock_has_no_entries() -> None:
    assert run_data(replace(report(), status=PlanStatus()))["lock"] == {
        "state": "not locked",
        "file": None,
        "entries": [],
        "deviations": [],
    }
