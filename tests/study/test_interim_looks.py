"""Interim looks and hypotheses of a plan, as a user runs them: faults of the plan, records of looks, the report."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import coxa
from coxa.analyses.tested import LookSeen, Seen, conclude, plan_graph
from coxa.cli.main import app
from coxa.errors import LockError, OptionError, PlanError
from coxa.report.build import build_document
from coxa.report.document import FigureBlock, TableBlock
from coxa.study.kinds import study_of
from coxa.study.locking.looks import read_looks

PLAN = Path(__file__).parents[2] / "analyses" / "group_sequential" / "study.yaml"
WHOLE = 180


@cache
def tables():
    trial = coxa.simulate_study(coxa.read_study(PLAN), seed=6)
    return {name: trial.tables[name] for name in ("participants", "assessments")}


def first(known: int) -> dict:
    people = tables()["participants"].sort_values("randomisation_date")["participant_id"].head(known)
    return {name: table[table["participant_id"].isin(people)] for name, table in tables().items()}


@pytest.fixture
def folder(tmp_path):
    """A locked plan in a folder of its own, with the data of two looks and of the end."""
    shutil.copy(PLAN, tmp_path / "study.yaml")
    coxa.study.lock(tmp_path / "study.yaml", date="2025-06-01")
    for name, known in (("one", 90), ("two", 135), ("data", WHOLE)):
        (tmp_path / name).mkdir()
        for table, frame in first(known).items():
            frame.to_csv(tmp_path / name / f"{table}.csv", index=False)
    return tmp_path


def keys(**changes):
    written = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    for path, value in changes.items():
        *steps, last = path.split("__")
        part = written
        for step in steps:
            part = part[step]
        if value is None:
            part.pop(last)
        else:
            part[last] = value
    return written


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"hypotheses__tested__pain__weight": 0.9}, "add up to 1.1"),
        ({"hypotheses__tested__pain__weight": None}, "has no weight"),
        ({"hypotheses__tested__pain__passes": {"balance": 1}}, "hypothesis"),
        ({"hypotheses__tested__pain__passes": {"pain": 1}}, "to itself"),
        ({"hypotheses__tested__pain__passes": {"function": 1.2}}, "passes on 1.2"),
        ({"hypotheses__procedure": "holm"}, "sets the weights"),
        ({"hypotheses__test": "parametric"}, "needs the correlation"),
        ({"hypotheses__tested__pain__analysis": "ancova"}, "analysis"),
        ({"hypotheses__tested__pain__visit": "week_6"}, "visit"),
        ({"analyses__pain__multiplicity": "holm"}, "adjusts with holm again"),
        ({"interim__looks": [{"fraction": 0.7}, {"fraction": 0.5}]}, "rising order"),
        ({"interim__participants": None, "assumptions": None}, "participants: 200"),
        ({"estimands__pain__endpoint__visit": ["baseline", "week_12"], "estimands__pain__endpoint__measure": "value"},
         "comparisons of several visits"),
    ],
)  # fmt: skip
def test_faults_of_hypotheses_and_looks_are_named(changes, fault, tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(keys(**changes)), encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        coxa.read_study(tmp_path / "study.yaml")
    assert fault in raised.value.findings.to_frame().to_string()


def test_a_cohort_has_no_interim_looks(tmp_path):
    written = keys(design="cohort", randomisation=None)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        coxa.read_study(tmp_path / "study.yaml")
    assert "of a randomised trial" in raised.value.findings.to_frame().to_string()


def test_looks_are_recorded_in_a_chain_and_the_report_rests_on_them(folder):
    run = CliRunner()
    for data, date, known in (("one", "2026-03-02", 90), ("two", "2026-07-01", 135)):
        answer = run.invoke(
            app, ["interim", str(folder / "study.yaml"), "--data", str(folder / data), "--date", date, "-q", "--json"]
        )
        assert answer.exit_code == 0, answer.output
        entry = json.loads(answer.output)
        assert (entry["seen"]["pain"]["n"], entry["fraction"]) == (known, known / WHOLE)
    report = coxa.analyse(folder / "study.yaml")
    assert [entry.look for entry in report.looks] == [1, 2]
    assert report.looks[1].previous == report.looks[0].sha256
    (section,) = [one for one in build_document(report).sections if one.id == "hypotheses"]
    shown = [block.table for block in section.blocks if isinstance(block, TableBlock)]
    assert [table.id for table in shown] == ["hypotheses-graph", "hypotheses-looks", "hypotheses-inference"]
    labels = [row.label for group in shown[1].groups for row in group.rows]
    assert labels[:3] == ["First look, 2026-03-02", "Second look, 2026-07-01", "Final analysis"]
    figures = [block.figure for block in section.blocks if isinstance(block, FigureBlock)]
    assert "<polygon" in figures[0].svg()
    assert figures[1].svg().startswith("<svg")
    assert "Pain: statistic 3.48, 3.20, 3.33" in figures[1].alt


def test_data_of_a_look_are_recorded_once_and_only_of_the_locked_plan(folder):
    plan = folder / "study.yaml"
    report = coxa.analyse(plan, folder / "one")
    coxa.report.record_look(report, date="2026-03-02")
    with pytest.raises(OptionError, match="those of look 1"):
        coxa.report.record_look(report)
    with pytest.raises(OptionError, match="is earlier"):
        coxa.report.record_look(coxa.analyse(plan, folder / "two"), date="2026-03-01")
    with pytest.raises(OptionError, match=r"above 0\.5"):
        coxa.report.record_look(coxa.analyse(plan, folder / "two"), fraction=0.4)
    plan.write_text(plan.read_text(encoding="utf-8").replace("fraction: 0.75", "fraction: 0.8"), encoding="utf-8")
    with pytest.raises(LockError):
        coxa.report.record_look(coxa.analyse(plan, folder / "two"), date="2026-07-01")


def test_an_unlocked_plan_has_no_looks(folder):
    (folder / "study.lock.json").unlink()
    with pytest.raises(LockError, match="not locked"):
        coxa.report.record_look(coxa.analyse(folder / "study.yaml", folder / "one"))


def test_a_record_that_was_edited_is_refused(folder):
    coxa.report.record_look(coxa.analyse(folder / "study.yaml", folder / "one"), date="2026-03-02")
    kept = folder / "study.looks.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace('"fraction": 0.5', '"fraction": 0.4'), encoding="utf-8")
    with pytest.raises(LockError, match="damaged"):
        read_looks(coxa.read_study(folder / "study.yaml"))


def test_at_an_interim_look_the_report_warns_that_nothing_is_final(folder):
    document = build_document(coxa.analyse(folder / "study.yaml", folder / "one"))
    (section,) = [one for one in document.sections if one.id == "hypotheses"]
    texts = " ".join(str(block.text) for block in section.blocks if hasattr(block, "text"))
    assert "count as first look, which is not recorded" in texts


def look(number, fraction, **z):
    spread = 2.0 / fraction**0.5
    return LookSeen(number, fraction, "", {name: Seen(100, one * spread, spread, one) for name, one in z.items()})


def test_a_rejected_hypothesis_passes_its_level_to_the_boundary_of_the_other():
    study = study_of(keys())
    alone = conclude(study, [look(1, 0.5, pain=1.0, function=3.0)])
    with_pain = conclude(study, [look(1, 0.5, pain=3.2, function=3.0)])
    assert (alone.of["function"].weight, with_pain.of["function"].weight) == (0.2, 1.0)
    assert alone.of["function"].design.upper[0] > 3.0 > with_pain.of["function"].design.upper[0]
    assert (alone.of["function"].rejected, with_pain.of["function"].rejected) == (False, True)
    assert alone.of["pain"].to_come < with_pain.of["function"].to_come


def test_without_looks_the_graph_takes_the_p_values_of_the_analyses():
    study = study_of(keys(interim=None))
    found = conclude(study, [look(1, 1.0, pain=2.1, function=2.5)])
    assert found.of["function"].p_value == pytest.approx(0.0062096653)
    assert found.of["pain"].inference is None
    assert found.test.steps[0].hypothesis == "pain"


def test_without_hypotheses_the_looks_are_at_the_main_comparison():
    study = study_of(keys(hypotheses=None))
    found = conclude(study, [look(1, 0.5, pain=3.0)])
    assert found.of["pain"].design.upper[0] == pytest.approx(2.962588, abs=1e-6)
    assert found.of["pain"].rejected


@pytest.mark.parametrize("procedure", ["holm", "fixed_sequence", "fallback"])
def test_procedures_by_name_are_graphs(procedure):
    weights = {"weight": 0.5} if procedure == "fallback" else {}
    named = {"pain": {"analysis": "pain", **weights}, "function": {"analysis": "function", **weights}}
    study = study_of(keys(hypotheses={"procedure": procedure, "tested": named}))
    made = plan_graph(study.hypotheses)
    assert made.transitions[0] == (0.0, 1.0)
    assert made.weights == ((1.0, 0.0) if procedure == "fixed_sequence" else (0.5, 0.5))
