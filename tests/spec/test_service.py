"""A plan without arms: what a clinic can do with it, what it is refused, and in which words it is described."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa import Study, analyse, read_cohort, read_study
from coxa.cli.main import app
from coxa.cohort.cohort import Cohort
from coxa.derive.build import derive_dataset, observed_dataset
from coxa.derive.observed import observed_values
from coxa.errors import OptionError, PlanError
from coxa.report.build import build_document
from coxa.report.record import compares
from coxa.report.report import Report
from coxa.report.topics.service.completeness import completeness_table
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.kinds import KINDS, ServiceEvaluation, Trial, designs_of, kind_of, kinds_with, study_of
from tests.spec.clinic import PATIENTS, PLAN, clinic, patients

OF_A_TRIAL = re.compile(r"randomi|allocat|\barms?\b|effect|trial|estimand|intercurrent|treatment", re.IGNORECASE)


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="module")
def cohort(study_file: Path) -> Cohort:
    return read_cohort(read_study(study_file)).require_clean()


@pytest.fixture(scope="module")
def report(study_file: Path) -> Report[Study]:
    return analyse(study_file)


def run(*args: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    return result.exit_code, " ".join(result.output.split())


def faults(tmp_path: Path, plan: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(PlanError) as error:
        read_study(clinic(tmp_path, plan))
    return [(item.row, item.rule, item.remedy) for item in error.value.findings]


# -- the plan --------------------------------------------------------------------------------------------------------


def test_the_kind_of_a_plan_follows_from_its_design(study_file: Path) -> None:
    plan = read_study(study_file)
    assert type(plan) is ServiceEvaluation
    assert not isinstance(plan, ComparativeStudy)
    assert plan.groups == {"total": "All participants"}
    assert (plan.baseline_visit, plan.post_visits) == ("intake", ("week_6", "week_12"))
    assert kind_of({}) is Trial
    assert [kind_of({"design": design}) for kind in KINDS for design in designs_of(kind)] == [
        kind for kind in KINDS for _ in designs_of(kind)
    ]
    assert study_of(plan.model_dump(exclude_unset=True)).model_dump() == plan.model_dump()


def test_a_key_of_a_trial_is_refused_with_its_line_and_a_remedy(tmp_path: Path) -> None:
    plan = PLAN + "arms:\n  usual_care: {reference: true}\nrandomisation: {scheme: simple}\n"
    lines = plan.splitlines()
    assert faults(tmp_path, plan) == [
        (
            lines.index("arms:") + 1,
            "`arms` is a key of plans of `design: parallel, factorial, cluster, crossover, stepped_wedge, "
            "cluster_crossover, n_of_1, cohort`, and this plan is "
            "of `design: service`",
            "Remove `arms`, or correct `design`.",
        ),
        (
            len(lines),
            "`randomisation` is a key of plans of `design: parallel, factorial, cluster, crossover, stepped_wedge, "
            "cluster_crossover`, and this plan "
            "is of `design: service`",
            "Remove `randomisation`, or correct `design`.",
        ),
    ]
    assert [kind.__name__ for kind in kinds_with("randomisation")] == ["Trial", "PeriodTrial", "ClusterPeriodTrial"]


def test_a_trial_without_arms_says_what_is_missing(tmp_path: Path) -> None:
    found = faults(tmp_path, PLAN.replace("design: service\n", ""))
    assert [rule for _, rule, _ in found] == [
        f"the key `{key}` is required" for key in ("arms", "estimands", "analyses")
    ]
    assert "`design: service`" in found[0][2]


def test_a_misspelt_design_names_every_design_and_nothing_else(tmp_path: Path) -> None:
    [(row, rule, remedy)] = faults(tmp_path, PLAN.replace("design: service", "design: servise"))
    assert (row, rule) == (4, "`design` is not one of the known words")
    assert "cluster, crossover, stepped_wedge, cluster_crossover, n_of_1, cohort, service" in remedy
    assert "did you mean service?" in remedy


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("report: {checklists: consort-2025}", "consort-2025 is a checklist of studies with arms"),
        ("report: {baseline_set: safety_set}", "there is no key `baseline_set`"),
        ("report: {baseline_table: [pian]}", 'no covariate or outcome "pian"'),
    ],
)
def test_what_a_report_without_arms_cannot_show_is_refused(tmp_path: Path, written: str, said: str) -> None:
    assert any(said in rule for _, rule, _ in faults(tmp_path, f"{PLAN}{written}\n"))


def test_events_without_a_plan_for_them_are_refused(tmp_path: Path) -> None:
    table = "    intercurrent_events:\n      file: events.csv\n"
    assert any("`intercurrent_events`" in rule for _, rule, _ in faults(tmp_path, PLAN + table))


# -- the data --------------------------------------------------------------------------------------------------------


def test_the_data_have_no_arm(cohort: Cohort) -> None:
    people = cohort.table("participants")
    assert len(people) == PATIENTS
    assert "arm" not in people.columns
    assert cohort.disposition.imbalance().empty


def test_observed_values_are_those_of_the_spreadsheet(cohort: Cohort) -> None:
    values = observed_values(cohort)
    sheet = patients()
    assert set(values["arm"]) == {"total"}
    for visit, column in (("intake", "NRS 0"), ("week_6", "NRS 6"), ("week_12", "NRS 12")):
        mine = values[(values["outcome"] == "pain") & (values["visit"] == visit)].set_index("participant_id")["value"]
        known = sheet.loc[sheet[column].ne(""), ["Patient", column]].set_index("Patient")[column].astype(float)
        assert mine.sort_index().to_dict() == known.to_dict()
    rows = observed_dataset(cohort, "pain").frame
    assert len(rows) == 2 * PATIENTS
    assert int(rows["value"].isna().sum()) == 15 + 20


def test_an_estimand_needs_arms(cohort: Cohort) -> None:
    with pytest.raises(OptionError, match=r"An estimand needs a plan with arms, and hip-clinic is of"):
        derive_dataset(cohort, "primary")


# -- the report ------------------------------------------------------------------------------------------------------


def test_the_report_has_the_sections_of_a_service(report: Report[Study]) -> None:
    assert not compares(report)
    document = build_document(report)
    assert [section.title for section in document.sections] == [
        "Study design",
        "Participants at baseline",
        "Completeness",
        "Observed outcomes",
        "Data",
        "Run record",
    ]
    [baseline] = [table for table in document.tables() if table.id == "baseline"]
    assert [str(column.label) for column in baseline.columns] == ["All (N\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}60)"]
    assert str(report).splitlines()[0] == "Report of hip-clinic: Hip osteoarthritis in one clinic"


def test_completeness_counts_visits_by_hand(cohort: Cohort) -> None:
    table = completeness_table(cohort.study, observed_values(cohort), PATIENTS)
    shown = {
        (group.label, row.label): [cell.text for cell in row.cells] for group in table.groups for row in group.rows
    }
    assert shown == {
        ("Hip pain", "Intake"): ["60 (100.0%)", "0"],
        ("Hip pain", "6 weeks"): ["45 (75.0%)", "15"],
        ("Hip pain", "3 months"): ["40 (66.7%)", "20"],
        ("Hip pain", "At each of these visits"): ["30 (50.0%)", "30"],
        ("Hip function", "Intake"): ["60 (100.0%)", "0"],
        ("Hip function", "3 months"): ["40 (66.7%)", "20"],
        ("Hip function", "At each of these visits"): ["40 (66.7%)", "20"],
    }
    assert "Hip function has no value at 6 weeks." in [str(note.text) for note in table.footnotes]


def test_a_service_is_not_described_as_a_trial(study_file: Path, tmp_path: Path) -> None:
    code, said = run("report", study_file, "--out", tmp_path)
    assert code == 0, said
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    assert OF_A_TRIAL.findall(f"{text} {said}") == []
    assert "60 (100.0%)" in text
    numbers = pd.read_parquet(tmp_path / "results.parquet")
    assert not numbers["term"].str.contains(OF_A_TRIAL).any()
    mean = numbers[
        (numbers["term"] == "pain value") & (numbers["visit"] == "week_6") & (numbers["statistic"] == "mean")
    ]
    sheet = patients()["NRS 6"].replace("", None).dropna().astype(float)
    assert mean["value"].to_list() == pytest.approx([sheet.mean()])


def test_small_counts_are_hidden_when_it_is_shared(tmp_path: Path) -> None:
    few = clinic(tmp_path, f"{PLAN}report: {{small_cells: 16}}\n")
    code, said = run("report", few, "--share", "--out", tmp_path / "shared")
    assert code == 0, said
    page = (tmp_path / "shared" / "report.html").read_text(encoding="utf-8")
    assert "40 (66.7%)" in page
    assert "45 (75.0%)" not in page
    assert ">15<" not in page


# -- commands --------------------------------------------------------------------------------------------------------


def test_check_lock_and_schema_work(tmp_path: Path) -> None:
    plan = clinic(tmp_path)
    assert run("check", plan)[0] == 0
    assert run("lock", plan)[0] == 0
    code, said = run("report", plan, "--out", tmp_path / "out")
    assert code == 0, said
    assert "Protocol and deviations" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    code, schema = run("schema", "study")
    assert code == 0
    assert "service" in json.loads(schema)["discriminator"]["mapping"]


def test_a_twin_of_the_spreadsheet_needs_no_plan(tmp_path: Path) -> None:
    clinic(tmp_path)
    code, said = run("twin", tmp_path / "patients.csv", "--participant", "Patient", "--out", tmp_path / "twin.csv")
    assert code == 0, said
    assert len(pd.read_csv(tmp_path / "twin.csv")) == PATIENTS


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "--out", "made"),
        ("power",),
        ("randomise",),
        ("rehearse",),
        ("analyse",),
        ("flow", "--out", "f.svg"),
    ],
    ids=lambda command: command[0],
)
def test_commands_that_compare_say_in_one_sentence_that_they_need_arms(
    study_file: Path, command: tuple[str, ...]
) -> None:
    code, said = run(command[0], study_file, *command[1:])
    assert code == 2
    assert said == (
        f"`coxa {command[0]}` needs a plan with arms, and hip-clinic is of `design: service`, which has none. Use the "
        "plan of a trial or a cohort."
    )


def test_a_shell_and_a_checklist_are_refused(study_file: Path, tmp_path: Path) -> None:
    assert "needs a plan with arms" in run("report", study_file, "--shell", "--out", tmp_path)[1]
    code, said = run("checklist", study_file)
    assert (code, said) == (
        2,
        "No checklist goes with `design: service`. Name one, such as `--guideline strobe`.",
    )
    assert run("checklist", study_file, "--guideline", "strobe")[0] == 0


def test_every_kind_has_its_words() -> None:
    assert [kind.words.arm for kind in KINDS] == ["arm", "sequence", "sequence", "group", "group", "group"]
    assert len({kind.words.started for kind in KINDS}) == 2
    plan = study_of(SMALL)
    with pytest.raises(OptionError, match="needs a plan with arms"):
        with_arms(plan, "This")


SMALL = {
    "study": "clinic",
    "title": "A clinic",
    "design": "service",
    "visits": {"intake": {"day": 0}},
    "outcomes": {"pain": {"range": [0, 10], "higher_is_better": False}},
}
