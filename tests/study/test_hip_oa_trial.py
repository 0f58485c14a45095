"""The worked example: its data are what the script makes, its plan runs, and it finds what was planted."""

from __future__ import annotations

import gzip
import io
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

import coxa
from coxa.cli.demo import ASKED
from coxa.cli.main import app
from coxa.cohort.cohort import Cohort
from coxa.report.output.render import render
from coxa.report.report import Report
from coxa.report.write import write_results
from coxa.simulate.truth import Truth
from coxa.study import Study
from synthetic_data.hip_oa_trial.simulator.design import ARMS, DAYS, VISITS, WINDOWS
from synthetic_data.hip_oa_trial.simulator.truths import RESPONSE, TARGETS
from tests.spec.small_trial import read_text

ROOT = Path(__file__).parents[2]
DATA = ROOT / "synthetic_data" / "hip_oa_trial"
ANALYSIS = ROOT / "analyses" / "hip_oa_trial"
TEMPLATE = Path(coxa.__file__).parent / "study" / "templates" / "parallel-trial" / "study.yaml"

LARGEST = 1_500_000
"""Bytes that the files may take together."""


@pytest.fixture(scope="module")
def study() -> Study:
    return coxa.read_study(ANALYSIS / "study.yaml")


@pytest.fixture(scope="module")
def cohort(study: Study) -> Cohort:
    return coxa.read_cohort(study)


@pytest.fixture(scope="module")
def report() -> Report:
    return coxa.analyse(ANALYSIS / "study.yaml")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run `coxa demo` as a process of its own; return the folder that it wrote and what it printed."""
    folder = tmp_path_factory.mktemp("demonstration")
    command = [sys.executable, "-m", "coxa.cli.main", "demo", "--out", str(folder)]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    return folder, shown.stdout


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.from_json((DATA / "truth.json").read_text(encoding="utf-8"))


def test_the_script_makes_the_same_bytes() -> None:
    made = runpy.run_path(str(DATA / "make.py"))["build"]()
    kept = {path.name: path.read_bytes() for path in DATA.iterdir() if path.suffix in (".csv", ".json", ".md")}
    assert set(made) == set(kept)
    assert [name for name in made if made[name] != kept[name]] == []
    assert sum(len(raw) for raw in kept.values()) < LARGEST


def test_every_column_is_in_the_data_dictionary(cohort: Cohort) -> None:
    page = (DATA / "README.md").read_text(encoding="utf-8")
    for source in cohort.sources:
        columns = (DATA / source.name).read_text(encoding="utf-8").splitlines()[0].split(",")
        section = page.split(f"### {source.name}")[1].split("###")[0]
        assert [name for name in columns if not name.startswith("hoos_") and f"`{name}`" not in section] == []


def test_the_plan_is_the_trial_that_was_simulated(study: Study) -> None:
    assert study.arm_order == ARMS
    assert {name: (visit.day, visit.window) for name, visit in study.visits.items()} == {
        name: (day, window) for name, day, window in zip(VISITS, DAYS, WINDOWS, strict=True)
    }
    for target in TARGETS:
        plan = study.estimands[target.estimand]
        assert (plan.endpoint.outcome, plan.endpoint.measure) == (target.outcome, target.measure)
        assert plan.endpoint.visit == target.visits
        assert plan.intercurrent_events["hip_surgery"].strategy == target.surgery
        assert plan.intercurrent_events["new_injection"].strategy == "treatment_policy"
    responder = study.outcomes["pain"].response
    assert responder is not None
    assert responder.at_least == RESPONSE


def test_every_estimand_has_a_truth_and_an_analysis(study: Study, truth: Truth) -> None:
    assert set(truth.estimands) == set(study.estimands)
    assert {analysis.estimand for analysis in study.analyses.values()} == set(study.estimands)


def test_sensitivity_analyses_say_what_they_relax(study: Study) -> None:
    sensitivity = [analysis for analysis in study.analyses.values() if analysis.role == "sensitivity"]
    assert len(sensitivity) == 4
    assert all(analysis.relaxes for analysis in sensitivity)


def test_the_data_have_warnings_but_no_errors(cohort: Cohort) -> None:
    assert len(cohort.findings.errors) == 0, cohort.findings.errors.as_text()
    assert len(cohort.findings.warnings) > 0
    assert cohort.disposition.imbalance().empty


def test_everybody_randomised_is_in_the_cohort(cohort: Cohort) -> None:
    people = cohort.table("participants")
    assert people.groupby("arm", observed=True).size().to_dict() == dict.fromkeys(ARMS, 63)
    assert people["site"].notna().all()


def test_the_truth_lies_in_the_intervals_of_the_primary_analysis(report: Report, truth: Truth) -> None:
    estimates = report.estimates.frame
    primary = estimates[(estimates["analysis"] == "primary") & (estimates["term"] == "difference")]
    beside = truth.beside(primary)
    assert beside["arm"].tolist() == ["exercise", "manual_therapy"]
    assert beside["inside"].all(), beside.to_string()


def test_most_of_all_intervals_hold_the_truth(report: Report, truth: Truth) -> None:
    """Of intervals at 95 % some miss; with this seed one of the planned comparisons does."""
    estimates = report.estimates.frame
    beside = truth.beside(estimates[estimates["term"].isin(["difference", "risk_difference"])])
    assert set(beside["analysis"]) == set(report.study.analyses)
    assert beside["inside"].mean() > 0.85


@pytest.mark.slow
def test_therapists_are_in_the_two_arms_that_have_them(
    report: Report, cohort: Cohort, demonstration: tuple[Path, str]
) -> None:
    (fit,) = report.fits["therapists"]
    people = cohort.table("participants")
    assert people.loc[people["arm"] == "usual_care", "therapist_id"].isna().all()
    assert len(fit.random.factors[0].labels) == people["therapist_id"].nunique() == 9
    (alone,) = report.fits["primary"]
    assert (fit.n_participants, fit.n_observations) == (alone.n_participants, alone.n_observations)

    folder, _ = demonstration
    written = pd.read_csv(folder / "estimates.csv")
    rows = written[(written["analysis"] == "therapists") & (written["term"] == "difference")]
    assert set(rows["arm"]) == {"exercise", "manual_therapy"}
    assert rows["warning"].str.contains("therapist_id has 9 levels").all()
    beside = written[(written["analysis"] == "primary") & (written["term"] == "difference")]
    assert (rows["df"].to_numpy() < beside["df"].to_numpy()).all()

    page = read_text((folder / "report.html").read_text(encoding="utf-8"))
    for words in (
        "MMRM with therapists (sensitivity)",
        "therapist (9 levels, in Exercise therapy and Manual therapy only; a variance for each arm)",
        "Random effects and residual",
        "Therapist in Exercise therapy",
        "independent outcomes of participants of the same therapist",
    ):
        assert words in page, words


@pytest.mark.slow
def test_the_same_plan_and_data_give_the_same_numbers(report: Report) -> None:
    again = coxa.analyse(ANALYSIS / "study.yaml")
    assert again.estimates.frame.equals(report.estimates.frame)


def test_the_demonstration_writes_a_report(demonstration: tuple[Path, str], report: Report, tmp_path: Path) -> None:
    folder, printed = demonstration
    assert f"report: {folder / 'report.html'}" in printed
    assert "difference in means 5.7 points (95% CI 1.6 to 9.9" in " ".join(printed.split())
    assert len(printed.splitlines()) < 20
    why = CliRunner().invoke(app, ["why", str(folder / "report.html"), "--cell", ASKED])
    assert "estimate                    5.730143" in why.stdout
    assert (folder / "estimates.csv").read_bytes() == write_results(report, tmp_path)[0].read_bytes()


@pytest.mark.slow
def test_the_script_writes_results_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", str(tmp_path)])
    runpy.run_path(str(ANALYSIS / "run.py"), run_name="__main__")
    assert "primary" in capsys.readouterr().out
    assert {"report.html", "estimates.csv", "run.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_script_is_short() -> None:
    assert len((ANALYSIS / "run.py").read_text(encoding="utf-8").splitlines()) < 60


def test_the_template_runs_as_it_stands(tmp_path: Path, truth: Truth) -> None:
    shutil.copy(TEMPLATE, tmp_path / "study.yaml")
    shutil.copytree(DATA, tmp_path / "data")
    report = coxa.analyse(tmp_path / "study.yaml")
    estimates = report.estimates.frame
    assert truth.beside(estimates[estimates["term"] == "difference"])["inside"].all()


def test_the_therapists_of_the_template_run_where_the_comment_sign_is_taken_away(tmp_path: Path) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    block = re.search(r"^  # therapists:\n(?:  #.*\n)+", text, flags=re.M)
    assert block is not None
    there = text.replace(block.group(), re.sub(r"^  # ", "  ", block.group(), flags=re.M))
    (tmp_path / "study.yaml").write_text(
        there.replace(
            "{randomisation_date: randomised_on}", "{randomisation_date: randomised_on, therapist_id: therapist}"
        )
    )
    shutil.copytree(DATA, tmp_path / "data")
    (fit,) = coxa.analyse(tmp_path / "study.yaml").fits["therapists"]
    assert len(fit.random.factors[0].labels) == 9


def test_the_template_explains_every_kind_of_key_once() -> None:
    """The first line of each key of a part carries a comment; repeats of the same kind need none."""
    explained, bare = set(), set()
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        code, _, comment = line.partition("#")
        key = code.strip().split(":")[0]
        if ":" in code:
            (explained if comment else bare).add(key)
    names = {*ARMS, *VISITS, "pain", "age", "sex", "site", "primary", "ancova"}
    assert bare - explained - names == set()


def test_the_brief_report_is_two_pages_with_the_answer_on_the_first(report: Report) -> None:
    first, second = PdfReader(io.BytesIO(render(report, "pdf", length="brief"))).pages
    answered = " ".join(first.extract_text().split())
    assert "The answer" in answered
    assert "Exercise therapy against Usual care at Week 12: difference in means" in answered
    assert "In people" in second.extract_text()


def test_the_sizes_on_the_page_are_those_of_the_report(demonstration: tuple[Path, str]) -> None:
    """As docs/reports.md has them, in MB; a report grows a little with every word that is added to it."""
    html = (demonstration[0] / "report.html").read_bytes()
    inside = {
        "the engine": rb'<script type="text/plain" id="engine">(.*?)</script>',
        "the charts": rb'<script type="application/json"[^>]*>(.*?)</script>',
    }
    found = {name: sum(map(len, re.findall(pattern, html, re.DOTALL))) / 1e6 for name, pattern in inside.items()}
    found["without the engine and the charts"] = len(html) / 1e6 - sum(found.values())
    found["whole page"] = len(html) / 1e6
    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| ([\w ]+) \| ([\d.]+) MB", page, re.MULTILINE))
    assert found == {name: pytest.approx(float(told[name]), abs=0.08) for name in found}
    assert f"page of `hip_oa_trial`, {html.count(b'<figure')} figures" in page
    (compressed,) = re.findall(r"\(([\d.]+) MB compressed\)", page)
    assert len(gzip.compress(html)) / 1e6 == pytest.approx(float(compressed), abs=0.03)
