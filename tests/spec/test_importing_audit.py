"""A plan of an audit is proposed from the files of a clinic: what is sure is filled in, what is not is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.episodes import Episodes, read_episodes
from coxa.errors import OptionError
from coxa.importing import Proposal, answered, plan_text, propose, write_plan
from coxa.study.audit.read import read_audit

N = 60
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) * 5, unit="D")


def export(**columns: Any) -> pd.DataFrame:
    """Return sixty episodes of two clinics, with more columns, or others in place of these."""
    frame = {
        "Pat no": [f"{k:04d}" for k in range(N)],
        "Site": ["North", "South"] * (N // 2),
        "From": DAYS.strftime("%d/%m/%Y"),
        "Until": (DAYS + pd.Timedelta(days=60)).strftime("%d/%m/%Y"),
        "NPRS start": np.arange(N) % 7 + 3,
        "NPRS end": np.arange(N) % 6,
    }
    return pd.DataFrame({**frame, **columns})


def of_csv(folder: Path, frame: pd.DataFrame, answers: Mapping[str, str] | None = None, **options: Any) -> Proposal:
    """Return what is proposed for a CSV file."""
    path = folder / "episodes.csv"
    frame.to_csv(path, index=False, **options)
    return propose(path, "audit", answers)


def audited(proposal: Proposal, folder: Path) -> Episodes:
    """Return the episodes that the proposed plan reads."""
    return read_episodes(read_audit(write_plan(proposal, folder)))


def keys(proposal: Proposal) -> list[str]:
    """Return the keys of the open questions."""
    return [question.key for question in proposal.questions if question.key != "data_cut"]


def status(proposal: Proposal) -> dict[str, str]:
    """Return column -> its role, or its status where it has none."""
    return {each.column: each.role or each.status for each in proposal.readings}


def practice_workbook(path: Path) -> Path:
    """Write the export of a practice system: a title, two header rows, four formats of dates, copies, a total."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Outcome register, export 30/11/2025 17:42", *[None] * 11])
    sheet.append([None])
    sheet.append(["Patient", None, None, "Episode", None, None, None, "Start", None, "End", None, "Attendance"])
    sheet.append(
        ["Pat. no", "Born", "M/F", "Site", "Physio", "From", "Until", "NPRS", "LEFS", "NPRS", "LEFS", "Booked"]
    )
    for cells in ("A1:L1", "A3:C3", "D3:G3", "H3:I3", "J3:K3"):
        sheet.merge_cells(cells)
    written = (
        lambda day: day.strftime("%d/%m/%Y"),
        lambda day: day.to_pydatetime(),
        lambda day: day.strftime("%d.%m.%y"),
    )
    physios = ["J. Okafor", "Okafor, J", "P. Lindqvist"]
    for k, day in enumerate(DAYS):
        done = k % 5 > 0
        row = [
            f"{k:05d}",
            "13.01.53",
            "MFmfx"[k % 5],
            "Hill" if k % 2 else "Harbour",
            physios[k % 3],
            written[k % 3](day),
        ]
        row += [
            written[k % 3](day + pd.Timedelta(days=60)) if done else "open",
            k % 7 + 3,
            "48,5" if k % 9 == 0 else 40 + k % 9,
        ]
        row += [k % 6, "55/80" if k == 23 else 50 + k % 9] if done else [("n/a", "-")[k % 2], None]
        sheet.append([*row, 5])
        if k == 7:
            sheet.append([*row, 5])
    sheet.append([])
    sheet.append(["Total", *[None] * 10, "=SUM(L5:L65)"])
    book.save(path)
    return path


def test_a_practice_workbook_is_read_without_a_fault_after_one_answer(tmp_path: Path) -> None:
    path = practice_workbook(tmp_path / "episodes.xlsx")
    before = path.read_bytes()
    proposal = propose(path, answers={"data_cut": "2025-11-30", "value:sex:x": "other", "follow_up.longest": "none"})
    assert proposal.kind == "audit"
    assert proposal.questions == ()
    data = proposal.plan["data"]
    assert (data["header_row"], data["exclude_rows"], data["drop_identical_rows"]) == ([3, 4], [67], True)
    assert data["date_format"] == ["%d/%m/%Y", "%d.%m.%y"]
    assert data["decimal"] == ","
    assert data["missing"] == ["-", "n/a", "open"]
    assert data["values"]["therapist"] == {"Okafor, J": "J. Okafor"}
    assert data["values"]["sex"] == {"F": "female", "M": "male", "f": "female", "m": "male", "x": "other"}
    assert data["values"]["function_discharge"] == {"55/80": 55}
    assert data["scores"]["pain"] == {"intake": "Start NPRS", "discharge": "End NPRS"}
    episodes = audited(proposal, tmp_path / "study")
    assert not episodes.findings.errors
    counted = episodes.query(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT therapist) AS physios, COUNT(pain_discharge) AS scores, "
        "COUNT(discharge_date) AS ended, MIN(intake_date) AS first FROM episodes"
    ).iloc[0]
    assert (counted["n"], counted["physios"], counted["scores"], counted["ended"]) == (60, 2, 48, 48)
    assert pd.Timestamp(counted["first"]).date() == date(2024, 1, 1)
    assert path.read_bytes() == before


def test_the_page_of_an_audit_is_two_commands_away(tmp_path: Path) -> None:
    out = tmp_path / "study"
    path = practice_workbook(tmp_path / "episodes.xlsx")
    shown = CliRunner().invoke(app, ["import", str(path), "--out", str(out), "--answer", "data_cut=2025-11-30", "-q"])
    assert shown.exit_code == 0, shown.output
    shown = CliRunner().invoke(app, ["check", str(out / "audit.yaml")])
    assert shown.exit_code == 0, shown.output
    assert "0 error(s)" in shown.output
    shown = CliRunner().invoke(app, ["audit", str(out / "audit.yaml"), "--out", str(out / "page")])
    assert shown.exit_code == 0, shown.output
    assert "Harbour" in (out / "page" / "audit.html").read_text(encoding="utf-8")


def test_the_title_of_a_file_says_when_it_was_exported(tmp_path: Path) -> None:
    answers = {"value:sex:x": "other", "follow_up.longest": "none"}
    (question,) = propose(practice_workbook(tmp_path / "episodes.xlsx"), answers=answers).questions
    assert question.key == "data_cut"
    assert not question.needed
    assert "The title of the file says 2025-11-30." in question.why


def test_no_value_that_identifies_people_is_shown(tmp_path: Path) -> None:
    proposal = propose(practice_workbook(tmp_path / "episodes.xlsx"))
    shown = {each.column: each.examples for each in proposal.readings}
    assert shown["Patient Pat. no"] == shown["Patient Born"] == shown["Episode Physio"] == ()
    assert shown["Episode Site"] == ("Hill", "Harbour")


def test_a_clean_export_has_no_question_but_the_day_of_the_export(tmp_path: Path) -> None:
    proposal = of_csv(tmp_path, export())
    assert keys(proposal) == []
    assert status(proposal) == {
        "Pat no": "patient", "Site": "clinic", "From": "intake_date", "Until": "discharge_date",
        "NPRS start": "outcomes.pain at intake", "NPRS end": "outcomes.pain at discharge",
    }  # fmt: skip
    assert not audited(proposal, tmp_path).findings.errors


def test_heads_in_german_dates_with_points_and_decimal_commas(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "Patientennr.": [f"{k:04d}" for k in range(N)],
            "Standort": ["Nord", "Süd"] * (N // 2),
            "Von": DAYS.strftime("%d.%m.%Y"),
            "Bis": (DAYS + pd.Timedelta(days=60)).strftime("%d.%m.%Y"),
            "NRS Schmerz Eingang": np.arange(N) % 7 + 3,
            "NRS Schmerz Austritt": np.arange(N) % 6,
            "Alter": np.arange(N) + 20,
            "Geschlecht": ["w", "m"] * (N // 2),
            "BMI": [f"{22 + k % 9},5" for k in range(N)],
        }
    )
    proposal = of_csv(tmp_path, frame, sep=";", encoding="cp1252")
    assert keys(proposal) == []
    assert proposal.plan["data"]["decimal"] == ","
    assert proposal.plan["data"]["values"] == {"sex": {"m": "male", "w": "female"}}
    assert list(proposal.plan["descriptors"]) == ["age", "sex", "bmi"]
    assert not audited(proposal, tmp_path).findings.errors


@pytest.mark.parametrize("order", ["%d/%m/%Y", "%m/%d/%Y"])
def test_whether_day_or_month_comes_first_is_asked_where_no_date_decides(tmp_path: Path, order: str) -> None:
    days = pd.to_datetime(["2024-03-04", "2024-05-06", "2024-07-08"] * (N // 3))
    later = days + pd.Timedelta(days=1)
    frame = export(From=days.strftime(order), Until=later.strftime(order))
    first = of_csv(tmp_path, frame)
    assert keys(first) == ["date_format:episodes.csv:From"]
    assert first.questions[0].needed
    assert "date_format" not in first.plan["data"]
    second = answered(first, {"date_format:episodes.csv:From": order})
    assert second.plan["data"]["date_format"] == [order]
    found = audited(second, tmp_path).query("SELECT MIN(intake_date) AS first FROM episodes")
    assert pd.Timestamp(found["first"].iloc[0]).date() == date(2024, 3, 4)


def test_a_date_of_another_column_can_decide_which_comes_first(tmp_path: Path) -> None:
    frame = export(From=["04/03/2024", "06/05/2024"] * (N // 2), Until=["25/03/2024", "06/06/2024"] * (N // 2))
    proposal = of_csv(tmp_path, frame)
    assert keys(proposal) == []
    assert proposal.plan["data"]["date_format"] == ["%d/%m/%Y"]


def test_a_title_footnotes_and_a_total_around_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "foot.csv"
    rows = export().to_csv(index=False).splitlines()
    ends = ["Total,,,,300,150", "Exported by the front desk,,,,,"]
    path.write_text("\n".join(["Export of our clinics,,,,,", *rows, *ends]), encoding="utf-8")
    proposal = propose(path, "audit")
    assert (proposal.plan["data"]["header_row"], proposal.plan["data"]["exclude_rows"]) == (2, [63, 64])
    episodes = audited(proposal, tmp_path)
    assert not episodes.findings.errors
    assert int(episodes.query("SELECT COUNT(*) AS n FROM episodes")["n"].iloc[0]) == N


MISLEADING = {
    "a date of a patient is no day of intake": ({"From": ["GP", "Self"] * (N // 2)}, "From"),
    "a site of the body is no clinic": ({"Site": ["hip", "knee"] * (N // 2)}, "Site"),
    "a profession is no therapist": ({"Clinician": ["physio", "nurse"] * (N // 2)}, "Clinician"),
    "a score at t1 is no discharge where there is a t2": (
        {"LEFS t0": [40, 50] * 30, "LEFS t1": [50, 60] * 30, "LEFS t2": [50, 60] * 30}, "LEFS t1",
    ),
    "a percentage is no score from 0 to 80": (
        {"LEFS % start": [40, 50] * 30, "LEFS % end": [50, 60] * 30}, "LEFS % end",
    ),
    "a rating from 0 to 10 is no scale in millimetres": (
        {"VAS start": [4, 5] * 30, "VAS end": [5, 6] * 30}, "VAS start",
    ),
    "a score of 0 to 100 is no numeric rating": (
        {"NPRS start": [40, 70] * 30, "NPRS end": [30, 20] * 30}, "NPRS start",
    ),
    "a letter alone is no sex where another is unknown": ({"Sex": ["H", "M"] * 30}, "Sex"),
    "codes without labels are no sex": ({"Sex": [1, 2] * 30}, "Sex"),
    "ages are from 5 to 110": ({"Age": np.arange(N) + 1950}, "Age"),
    "appointments are booked or attended": ({"Appointments": [4, 5] * 30}, "Appointments"),
    "pain is of no named instrument": ({"Pain start": [4, 5] * 30, "Pain end": [4, 3] * 30}, "Pain start"),
    "a number is a therapist only where the head says so": ({"Physio": [3, 4, 5] * 20}, "Physio"),
    "sessions are booked or attended": ({"Sessions": [4, 5] * 30}, "Sessions"),
    "a subject of words is no patient": ({"Subject": ["pain on stairs since the fall", "x"] * 30}, "Subject"),
    "a score from 12 can be of the first Oxford hip score": (
        {"OHS start": [14, 40] * 30, "OHS end": [12, 30] * 30}, "OHS end",
    ),
    "a case that comes back is no episode": ({"Case": ["easy", "hard"] * 30}, "Case"),
    "a practice can be that of a general practitioner": ({"Practice": ["X", "Y"] * 30}, "Practice"),
    "the last visit is no discharge": ({"Last visit": DAYS.strftime("%d/%m/%Y")}, "Last visit"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISLEADING)
def test_what_name_and_values_do_not_agree_on_is_never_mapped(tmp_path: Path, case: str) -> None:
    columns, column = MISLEADING[case]
    proposal = of_csv(tmp_path, export(**columns))
    assert status(proposal)[column] in ("asked", "unused"), case
    reading = next(each for each in proposal.readings if each.column == column)
    assert reading.why.endswith((".", "?"))


@pytest.mark.parametrize(
    ("columns", "role"),
    [
        ({"Clinic": ["A", "B"] * 30}, "clinic"),
        ({"First visit": DAYS.strftime("%d/%m/%Y")}, "intake_date"),
        ({"Discharge date": DAYS.strftime("%d/%m/%Y")}, "discharge_date"),
        ({"Client no": range(N)}, "patient"),
    ],
)
def test_two_columns_of_one_role_are_asked_and_the_answer_is_taken(tmp_path: Path, columns: dict, role: str) -> None:
    proposal = of_csv(tmp_path, export(**columns))
    assert f"column:{role}" in keys(proposal)
    assert role not in proposal.plan["data"]["columns"]
    (column,) = columns
    assert answered(proposal, {f"column:{role}": column}).plan["data"]["columns"][role] == column


def test_a_code_for_missing_is_one_where_the_range_says_so(tmp_path: Path) -> None:
    scores = [99 if k % 10 == 0 else k % 7 + 3 for k in range(N)]
    proposal = of_csv(tmp_path, export(**{"NPRS start": scores, "Age": np.arange(N) + 20}))
    assert proposal.plan["data"]["missing"] == [99]
    assert keys(proposal) == []
    assert int(audited(proposal, tmp_path).query("SELECT COUNT(pain_intake) AS n FROM episodes")["n"].iloc[0]) == 54


def test_a_code_that_is_a_value_of_another_column_is_asked(tmp_path: Path) -> None:
    scores = [99 if k % 10 == 0 else k % 7 + 3 for k in range(N)]
    proposal = of_csv(tmp_path, export(**{"NPRS start": scores, "Age": np.arange(N) + 40}))
    assert keys(proposal) == ["missing:99"]
    assert "missing" not in proposal.plan["data"]
    assert answered(proposal, {"missing:99": "yes"}).plan["data"]["missing"] == [99]


def test_spellings_are_joined_where_they_are_one_name_and_asked_elsewhere(tmp_path: Path) -> None:
    sites = ["North Road", "north road", "Hillside", "Hilside", "Site 1", "Site 01"] * 10
    proposal = of_csv(tmp_path, export(Site=sites))
    assert proposal.plan["data"]["values"]["clinic"] == {"north road": "North Road"}
    assert keys(proposal) == ["same:clinic:Hilside", "same:clinic:Site 1"]
    joined = answered(proposal, {"same:clinic:Hilside": "same", "same:clinic:Site 1": "different"})
    assert joined.plan["data"]["values"]["clinic"] == {"north road": "North Road", "Hilside": "Hillside"}


def test_therapists_of_two_clinics_are_two(tmp_path: Path) -> None:
    sites, names = ["North", "South"] * (N // 2), ["J. Okafor", "Okafor, J"] * (N // 2)
    proposal = of_csv(tmp_path, export(Site=sites, Physio=names))
    assert "values" not in proposal.plan["data"]


def test_the_clinic_of_a_group_above_is_no_clinic_of_the_audit(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Patient", None, "Referrer", None, "Episode", None, "Start", "End"])
    sheet.append(["Pat no", "Site", "Clinic", "Problem", "From", "Until", "NPRS", "NPRS"])
    for cells in ("A1:B1", "C1:D1", "E1:F1"):
        sheet.merge_cells(cells)
    for row in export().assign(Clinic=["X", "Y"] * 30, Problem=["a", "b"] * 30).to_dict("records"):
        sheet.append(
            [row[name] for name in ("Pat no", "Site", "Clinic", "Problem", "From", "Until", "NPRS start", "NPRS end")]
        )
    book.save(tmp_path / "groups.xlsx")
    found = status(propose(tmp_path / "groups.xlsx"))
    assert found["Patient Site"] == "clinic"
    assert {found["Referrer Clinic"], found["Referrer Problem"]} <= {"asked", "unused"}


def test_patients_who_mostly_get_worse_are_a_warning(tmp_path: Path) -> None:
    swapped = export().rename(columns={"NPRS start": "NPRS end", "NPRS end": "NPRS start"})
    (finding,) = of_csv(tmp_path, swapped).findings
    assert finding.rule.startswith("pain is worse at discharge than at intake in")
    assert not of_csv(tmp_path, export()).findings


def test_an_outcome_without_a_known_name_is_asked_to_the_end(tmp_path: Path) -> None:
    frame = export().rename(columns={"NPRS start": "Score A", "NPRS end": "Score B"})
    answers: dict[str, str] = {}
    for key, word in [
        ("column:outcome.intake", "Score A"), ("column:outcome.discharge", "Score B"),
        ("instrument:outcome", "other"), ("range:outcome", "0 10"), ("direction:outcome", "lower"),
    ]:  # fmt: skip
        proposal = of_csv(tmp_path, frame, answers)
        assert key in [question.key for question in proposal.questions if question.needed]
        answers[key] = word
    proposal = of_csv(tmp_path, frame, answers)
    assert proposal.plan["outcomes"] == {"outcome": {"range": [0.0, 10.0], "higher_is_better": False}}
    assert not audited(proposal, tmp_path).findings.errors


def test_without_a_day_of_discharge_the_questionnaire_is_due_after_intake(tmp_path: Path) -> None:
    frame = export().drop(columns="Until")
    first = of_csv(tmp_path, frame)
    assert "column:discharge_date" in keys(first)
    second = answered(first, {"column:discharge_date": "none"})
    assert [question.key for question in second.questions if question.needed] == ["follow_up.days"]
    third = answered(second, {"follow_up.days": "84"})
    assert third.plan["follow_up"] == {"after": "intake", "days": 84, "window": [-28, 42]}


def test_an_answer_that_is_none_of_the_possible_ones_is_refused(tmp_path: Path) -> None:
    proposal = of_csv(tmp_path, export(Clinic=["A", "B"] * 30))
    with pytest.raises(OptionError, match="is no answer to `column:clinic`"):
        answered(proposal, {"column:clinic": "Ward"})
    (finding,) = answered(proposal, {"column:ward": "none"}).findings
    assert finding.as_text().startswith("warning: answers, column:ward: the question is not asked of these files")


def test_a_column_that_is_the_answer_to_two_questions_is_named(tmp_path: Path) -> None:
    frame = export().drop(columns="From").assign(**{"Until": "x", "Seen": DAYS.strftime("%Y-%m-%d")})
    proposal = of_csv(tmp_path, frame, {"column:intake_date": "Seen", "column:discharge_date": "Seen"})
    (finding,) = [each for each in proposal.findings if each.table == "answers"]
    assert finding.field == "column:discharge_date"
    assert "column:discharge_date" in keys(proposal)


def test_dates_with_the_day_first_in_one_column_and_the_month_in_another_are_a_fault(tmp_path: Path) -> None:
    (finding,) = of_csv(tmp_path, export(Until=DAYS.strftime("%m/%d/%Y"))).findings
    assert finding.rule == "the day comes first in dates of From, and the month in dates of Until"


def test_an_audit_without_a_day_of_intake_is_not_to_be_had(tmp_path: Path) -> None:
    (finding,) = of_csv(tmp_path, export().drop(columns="From").assign(Until="x")).findings
    assert (finding.severity, finding.rule) == ("error", "no column can be the day of intake")


def test_the_kind_is_asked_where_the_files_do_not_say_it(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv(path, index=False)
    proposal = propose(path)
    assert [question.key for question in proposal.questions] == ["kind"]
    assert [question.key for question in answered(proposal, {}).questions] == ["kind"]
    assert answered(proposal, {"kind": "audit"}).plan["data"] == {"file": "bare.csv", "columns": {}}
    assert proposal.plan == {}


def test_the_plan_is_the_same_bytes_and_has_no_path_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    proposal = of_csv(tmp_path / "data", export())
    text = plan_text(proposal, tmp_path / "study")
    assert text == plan_text(of_csv(tmp_path / "data", export()), tmp_path / "study")
    assert "folder: ../data" in text
    assert str(tmp_path) not in text


def test_an_open_question_is_a_comment_where_its_key_would_be(tmp_path: Path) -> None:
    text = plan_text(of_csv(tmp_path, export(Clinic=["A", "B"] * 30)), tmp_path)
    lines = text.splitlines()
    (above,) = [k for k, line in enumerate(lines) if "# ? Which column holds the clinic?" in line]
    assert "columns:" in " ".join(lines[above : above + 4])


def test_a_plan_that_was_changed_by_hand_is_not_written_over(tmp_path: Path) -> None:
    proposal = of_csv(tmp_path, export())
    place = write_plan(proposal, tmp_path / "study")
    write_plan(answered(proposal, {"data_cut": "2025-01-01"}), tmp_path / "study")
    place.write_text(place.read_text(encoding="utf-8").replace("Pain by clinic, 2024", "Ours"), encoding="utf-8")
    with pytest.raises(OptionError, match="was changed by hand"):
        write_plan(proposal, tmp_path / "study")
    assert "Ours" in place.read_text(encoding="utf-8")


def test_a_table_of_sessions_is_counted_where_episodes_have_no_totals(tmp_path: Path) -> None:
    episodes = export(Episode=[f"E{k}" for k in range(N)], **{"Pat no": [f"P{k}" for k in range(N)]})
    k = np.repeat(np.arange(N), 3)
    sessions = pd.DataFrame(
        {"Patient": [f"P{i}" for i in k], "Episode": [f"E{i}" for i in k], "Attended": ["ja", "ja", "nein"] * N}
    )
    with pd.ExcelWriter(tmp_path / "both.xlsx") as writer:
        episodes.to_excel(writer, sheet_name="Episodes", index=False)
        sessions.to_excel(writer, sheet_name="Sessions", index=False)
    proposal = propose(tmp_path / "both.xlsx")
    assert proposal.plan["data"]["sheet"] == "Episodes"
    assert proposal.plan["data"]["sessions"]["values"] == {"attended": {"ja": "yes", "nein": "no"}}
    read = audited(proposal, tmp_path)
    assert not read.findings.errors
    assert read.query("SELECT SUM(booked) AS b, SUM(attended) AS a FROM episodes").iloc[0].tolist() == [180.0, 120.0]


def test_sessions_without_the_number_of_the_patient_are_named(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "both.xlsx") as writer:
        export(Episode=[f"E{k}" for k in range(N)]).to_excel(writer, sheet_name="Episodes", index=False)
        sessions = pd.DataFrame({"Episode": [f"E{k % N}" for k in range(150)], "Attended": ["yes", "no"] * 75})
        sessions.to_excel(writer, sheet_name="Sessions", index=False)
    (finding,) = propose(tmp_path / "both.xlsx").findings
    assert finding.rule == "the table has sessions and no column of the patient, and they are not counted"


def test_labels_of_codes_say_what_is_yes(tmp_path: Path) -> None:
    import pyreadstat

    frame = export(From=DAYS, Until=DAYS + pd.Timedelta(days=60)).rename(columns=lambda name: name.replace(" ", "_"))
    frame = frame.assign(Site=[1.0, 2.0] * 30, Smoker=[1.0, 2.0] * 30, Red_flags_screened=[1.0, 1.0, 2.0] * 20)
    labels = {
        "Site": {1: "North", 2: "South"},
        "Smoker": {1: "No", 2: "Yes"},
        "Red_flags_screened": {1: "No", 2: "Yes"},
    }
    pyreadstat.write_sav(frame, str(tmp_path / "clinic.sav"), variable_value_labels=labels)
    proposal = propose(tmp_path / "clinic.sav", "audit")
    assert proposal.plan["data"]["values"] == {
        "clinic": {"1": "North", "2": "South"}, "smoker": {"1": "no", "2": "yes"},
        "red_flags_met": {"1": "no", "2": "yes"},
    }  # fmt: skip
    found = audited(proposal, tmp_path)
    assert not found.findings.errors
    sums = found.query(
        "SELECT clinic, smoker, COUNT(*) FILTER (WHERE red_flags_met) AS met FROM episodes GROUP BY 1, 2 ORDER BY 1"
    )
    assert sums.to_numpy().tolist() == [["North", "no", 10], ["South", "yes", 10]]


@pytest.mark.parametrize("ending", ["sqlite", "duckdb", "parquet"])
def test_databases_and_parquet_are_read_as_a_csv_is(tmp_path: Path, ending: str) -> None:
    frame = export(From=DAYS.strftime("%Y-%m-%d"), Until=(DAYS + pd.Timedelta(days=60)).strftime("%Y-%m-%d"))
    path = tmp_path / f"clinic.{ending}"
    if ending == "sqlite":
        import sqlite3

        with sqlite3.connect(path) as connection:
            frame.to_sql("episodes", connection, index=False)
            pd.DataFrame({"k": [1]}).to_sql("meta", connection, index=False)
        connection.close()
    elif ending == "duckdb":
        import duckdb

        with duckdb.connect(str(path)) as connection:
            connection.register("given", frame)
            connection.execute("CREATE TABLE episodes AS SELECT * FROM given")
    else:
        frame.to_parquet(path)
    proposal = propose(path)
    assert keys(proposal) == []
    assert proposal.plan["data"]["columns"]["clinic"] == "Site"
    assert proposal.plan["data"].get("table") == ("episodes" if ending == "sqlite" else None)
    assert not audited(proposal, tmp_path).findings.errors


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("", encoding="utf-8")
    (finding,) = propose(path).findings
    assert finding.severity == "error"
    assert finding.rule == "the file is empty"
    with pytest.raises(FileNotFoundError):
        propose(tmp_path / "nowhere.csv")


def test_a_row_for_each_questionnaire_is_named(tmp_path: Path) -> None:
    k = np.repeat(np.arange(30), 2)
    frame = pd.DataFrame({"patient": k, "time": ["intake", "discharge"] * 30, "nprs": k % 9})
    (finding,) = of_csv(tmp_path, frame).findings.warnings
    assert finding.field == "time"
    assert finding.rule.startswith("a row is of one questionnaire")


def test_the_cells_of_a_workbook_keep_their_days(tmp_path: Path) -> None:
    frame = export(From=[day.to_pydatetime() for day in DAYS], Until=[datetime(2025, 1, 7)] * N)
    frame.to_excel(tmp_path / "typed.xlsx", index=False)
    proposal = propose(tmp_path / "typed.xlsx")
    assert "date_format" not in proposal.plan["data"]
    assert keys(proposal) == []


def test_a_row_of_units_and_subtotals_are_left_out(tmp_path: Path) -> None:
    lines = export().to_csv(index=False).splitlines()
    lines[31:31] = ["Subtotal North,,,,150,"]
    lines[1:1] = ["number,name,dd/mm/yyyy,dd/mm/yyyy,points,points"]
    path = tmp_path / "units.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    proposal = propose(path, "audit")
    assert proposal.plan["data"]["exclude_rows"] == [2, 33]
    assert "row 2 is a row of units or labels, row 33 is a row of totals" in proposal.comments["data.exclude_rows"]
    assert not audited(proposal, tmp_path).findings.errors


def test_exports_of_several_months_and_scores_in_another_file_are_named(tmp_path: Path) -> None:
    for name in ("jan", "feb"):
        export().to_csv(tmp_path / f"{name}.csv", index=False)
    proposal = propose([tmp_path / "jan.csv", tmp_path / "feb.csv"], "audit")
    assert "2 tables have the same columns (jan.csv, feb.csv)" in next(iter(proposal.findings)).rule
    assert (
        propose([tmp_path / "jan.csv", tmp_path / "feb.csv"], "audit", {"table": "feb.csv"}).plan["data"]["file"]
        == "feb.csv"
    )
    scores = ["Pat no", "NPRS start", "NPRS end"]
    export().drop(columns=scores[1:]).to_csv(tmp_path / "episodes.csv", index=False)
    export()[scores].to_csv(tmp_path / "scores.csv", index=False)
    findings = propose([tmp_path / "episodes.csv", tmp_path / "scores.csv"], "audit").findings
    assert [(each.severity, each.table) for each in findings] == [("error", "episodes.csv"), ("warning", "scores.csv")]


def test_a_published_improvement_is_named_where_it_can_be_taken(tmp_path: Path) -> None:
    text = plan_text(of_csv(tmp_path, export()))
    assert "2 (`important: published`, `population: chronic_pain`)" in text
    plan = text.replace("instrument: nprs", "{instrument: nprs, important: published, population: chronic_pain}")
    (tmp_path / "audit.yaml").write_text(plan, encoding="utf-8")
    threshold = read_audit(tmp_path / "audit.yaml").threshold("pain", "important")
    assert threshold is not None
    assert threshold.value == 2


def test_columns_of_coxas_own_names_are_settled_since_they_are_read_anyway(tmp_path: Path) -> None:
    agreeing = of_csv(tmp_path, export(asked=["yes", "no"] * 30, pain_date=export()["Until"], clinic=["A", "B"] * 30))
    assert {name: status(agreeing)[name] for name in ("asked", "pain_date", "clinic")} == {
        "asked": "asked", "pain_date": "day of outcomes.pain", "clinic": "clinic",
    }  # fmt: skip
    assert not audited(agreeing, tmp_path).findings.errors
    (finding,) = of_csv(tmp_path, export(episode=["first", "second"] * 30)).findings
    assert (finding.severity, finding.field) == ("error", "episode")


def test_the_simulated_registry_is_understood_but_for_its_instruments() -> None:
    registry = Path(__file__).parents[2] / "synthetic_data" / "clinic_registry" / "episodes.csv"
    proposal = propose(registry)
    assert keys(proposal) == ["instrument:pain", "instrument:function", "follow_up.longest"]
    second = answered(proposal, {"instrument:pain": "nprs", "instrument:function": "lefs"})
    assert second.plan["outcomes"] == {"pain": {"instrument": "nprs"}, "function": {"instrument": "lefs"}}
    assert status(second) == {
        **{name: name for name in (
            "patient", "episode", "clinic", "therapist", "condition", "referral_date", "intake_date", "discharge_date",
            "booked", "attended", "missed", "eligible", "asked",
        )},
        **{name: f"descriptors.{name}" for name in (
            "age", "sex", "previous_surgery", "comorbidities", "ethnicity", "deprivation",
        )},
        **{f"{name}_intake": f"outcomes.{name} at intake" for name in ("pain", "function")},
        **{f"{name}_discharge": f"outcomes.{name} at discharge" for name in ("pain", "function")},
        "pain_date": "day of outcomes.pain", "red_flags_asked": "standards.red_flags", "duration_months": "unused",
        "referral_needed": "unused", "referral_made": "unused",
    }  # fmt: skip


def test_when_an_episode_without_a_day_of_discharge_counts_as_ended_is_asked(tmp_path: Path) -> None:
    ends = [*(DAYS + pd.Timedelta(days=60)).strftime("%d/%m/%Y")[:50], *["", "open"] * 5]
    first = of_csv(tmp_path, export(Until=ends))
    (question,) = [each for each in first.questions if each.key == "follow_up.longest"]
    assert question.why.startswith("10 episodes have no day of discharge: 0 of them began more than 60 days before")
    assert "95% last at most 60 days, and the longest 60." in question.why
    assert not question.needed
    assert "longest" not in first.plan["follow_up"]
    assert answered(first, {"follow_up.longest": "90"}).plan["follow_up"]["longest"] == 90
    assert "longest" not in answered(first, {"follow_up.longest": "none"}).plan["follow_up"]
    with pytest.raises(OptionError, match="no number of days"):
        answered(first, {"follow_up.longest": "soon"})


def test_episodes_that_all_ended_are_not_asked_about(tmp_path: Path) -> None:
    assert "follow_up.longest" not in keys(of_csv(tmp_path, export()))


def test_a_letter_that_is_no_known_sex_is_asked_next_to_two_that_are(tmp_path: Path) -> None:
    first = of_csv(tmp_path, export(Sex=["F", "M", "x"] * (N // 3)))
    assert keys(first) == ["value:sex:x"]
    assert "sex" not in first.plan.get("descriptors", {})
    second = answered(first, {"value:sex:x": "other"})
    assert second.plan["data"]["values"]["sex"] == {"F": "female", "M": "male", "x": "other"}


SHORT_FORMS = [
    ("Hip OA", "hip osteoarthritis"), ("LBP", "Low back pain"), ("GT pain", "Greater trochanteric pain syndrome"),
    ("FAI", "Femoroacetabular impingement"), ("THR", "THA"),
]  # fmt: skip


@pytest.mark.parametrize(("short", "whole"), SHORT_FORMS)
def test_an_abbreviation_of_a_condition_is_asked_and_never_joined_by_itself(
    tmp_path: Path, short: str, whole: str
) -> None:
    names = [short, whole, "Gluteal tendinopathy"] * (N // 3)
    first = of_csv(tmp_path, export(Condition=names))
    (key,) = keys(first)
    assert key in (f"same:condition:{short}", f"same:condition:{whole}")
    assert "values" not in first.plan["data"]
    joined = answered(first, {key: "same"}).plan["data"]["values"]["condition"]
    assert {*joined, *joined.values()} == {short, whole}
    assert "values" not in answered(first, {key: "different"}).plan["data"]


def test_the_age_is_worked_out_of_a_day_of_birth_that_is_shown_nowhere(tmp_path: Path) -> None:
    born = (pd.Timestamp("1950-06-15") + pd.to_timedelta(np.arange(N) * 90, unit="D")).strftime("%d/%m/%Y")
    proposal = of_csv(tmp_path, export(Born=born))
    assert keys(proposal) == []
    assert proposal.plan["data"]["columns"]["birth_date"] == "Born"
    assert proposal.plan["descriptors"]["age"] == {
        "type": "number", "unit": "years", "bands": [40, 60, 80], "completeness": True,
    }  # fmt: skip
    (reading,) = [each for each in proposal.readings if each.column == "Born"]
    assert (reading.status, reading.role) == ("mapped", "descriptors.age by birth_date")
    assert reading.examples == ()
    assert not any(text in plan_text(proposal) + reading.why for text in ("1950", born[-1][-4:]))
    episodes = audited(proposal, tmp_path).require_clean()
    ages = episodes.query("SELECT MIN(age) AS low, MAX(age) AS high FROM episodes").iloc[0]
    assert (ages["low"], ages["high"]) == (59, 73)


BIRTHS: dict[str, tuple[dict[str, Any], str]] = {
    "a column has the age": ({"DOB": ["01/02/1950"] * N, "Age": [40, 74] * 30}, "Age has the age"),
    "a year is no day": ({"DOB": [1950, 1951] * 30}, "its values are no dates"),
    "there are two": ({"DOB": ["21/02/1950"] * N, "Born": ["21/02/1951"] * N}, "not sure which one"),
}


@pytest.mark.parametrize("case", BIRTHS)
def test_a_birth_that_gives_no_age_is_not_used_and_says_why(tmp_path: Path, case: str) -> None:
    columns, why = BIRTHS[case]
    proposal = of_csv(tmp_path, export(**columns))
    (reading,) = [each for each in proposal.readings if each.column == "DOB"]
    assert (reading.status, reading.examples) == ("unused", ())
    assert why in reading.why
    assert "birth_date" not in proposal.plan["data"]["columns"]


def test_days_of_birth_are_no_reason_for_the_day_of_the_export(tmp_path: Path) -> None:
    proposal = of_csv(tmp_path, export(Born=["13.01.53", "14.02.61"] * (N // 2)))
    (question,) = [each for each in proposal.questions if each.key == "data_cut"]
    last = (DAYS + pd.Timedelta(days=60)).max().date()
    assert f"The latest day in the data is {last}" in question.why


@pytest.mark.parametrize("text", ["2025-11-03", "3.11.2025", "03/11/2025", "3 Nov 2025"])
def test_the_day_of_the_export_is_read_as_the_file_writes_its_days(tmp_path: Path, text: str) -> None:
    assert of_csv(tmp_path, export(), {"data_cut": text}).plan["data_cut"] == date(2025, 11, 3)


@pytest.mark.parametrize("text", ["03/11/2025", "3.11.2025"])
def test_a_day_that_could_be_two_is_refused_where_the_file_writes_the_year_first(tmp_path: Path, text: str) -> None:
    frame = export(From=DAYS.strftime("%Y-%m-%d"), Until=(DAYS + pd.Timedelta(days=60)).strftime("%Y-%m-%d"))
    with pytest.raises(OptionError, match="is no day, or could be two"):
        of_csv(tmp_path, frame, {"data_cut": text})
    assert of_csv(tmp_path, frame, {"data_cut": "25.11.2025"}).plan["data_cut"] == date(2025, 11, 25)
