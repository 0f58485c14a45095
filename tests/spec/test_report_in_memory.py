"""A trial that is simulated, analysed and shown without a file in between; and frames of several libraries as data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import coxa
from coxa.errors import OptionError
from coxa.simulate import SimulatedTrial
from tests.spec.assumed_trial import assumed


@pytest.fixture(scope="module")
def trial() -> SimulatedTrial:
    return coxa.simulate_study(assumed(), seed=3, participants=90, truth_size=2000)


@pytest.fixture(scope="module")
def report(trial: SimulatedTrial) -> coxa.Report:
    return coxa.analyse(trial)


def test_a_simulated_trial_is_analysed_as_it_would_be_from_its_files(
    trial: SimulatedTrial, report: coxa.Report, tmp_path: Path
) -> None:
    named = {}
    for name, frame in trial.tables.items():
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
        named[name] = trial.study.data.tables[name].model_copy(update={"file": f"{name}.parquet"})
    data = trial.study.data.model_copy(update={"tables": named})
    from_files = coxa.analyse(trial.study.model_copy(update={"data": data}), tmp_path)
    pd.testing.assert_frame_equal(report.estimates.frame, from_files.estimates.frame)
    assert len(report.estimates) > 0
    assert report.disposition.imbalance().empty


def test_frames_of_another_library_give_the_same_cohort(trial: SimulatedTrial, report: coxa.Report) -> None:
    tables = {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in trial.tables.items()}
    cohort = coxa.read_cohort(trial.study, tables)
    assert cohort.sources == report.cohort.sources
    for name, frame in cohort.tables.items():
        pd.testing.assert_frame_equal(frame, report.cohort.tables[name])


def test_a_polars_frame_gives_the_same_cohort(trial: SimulatedTrial, report: coxa.Report) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    cohort = coxa.read_cohort(trial.study, {name: polars.from_pandas(frame) for name, frame in trial.tables.items()})
    for name, frame in cohort.tables.items():
        pd.testing.assert_frame_equal(frame, report.cohort.tables[name])


def test_a_cohort_is_analysed_with_its_plan_or_alone(trial: SimulatedTrial, report: coxa.Report) -> None:
    cohort = coxa.read_cohort(trial.study, trial.tables)
    alone = coxa.analyse(cohort).estimates.frame
    pd.testing.assert_frame_equal(alone, report.estimates.frame)
    pd.testing.assert_frame_equal(coxa.analyse(trial.study, cohort).estimates.frame, alone)


def test_a_cohort_of_another_plan_is_refused(trial: SimulatedTrial) -> None:
    other = trial.study.model_copy(update={"title": "Another trial"})
    with pytest.raises(OptionError, match="another plan"):
        coxa.analyse(other, coxa.read_cohort(trial.study, trial.tables))
    with pytest.raises(OptionError, match="Leave out `data`"):
        coxa.analyse(trial, "data")


def test_a_plan_without_data_takes_frames_under_the_names_of_coxa(trial: SimulatedTrial) -> None:
    plan = trial.study.model_copy(update={"data": None})
    people = trial.tables["participants"]
    before = people.copy()
    cohort = coxa.read_cohort(plan, {"participants": people, "particpants": people})
    assert len(cohort.table("participants")) == len(people)
    (unknown,) = [one for one in cohort.findings.errors if one.table == "particpants"]
    assert "participants" in unknown.remedy
    pd.testing.assert_frame_equal(people, before)


def test_a_table_of_the_plan_without_a_frame_is_an_error(trial: SimulatedTrial) -> None:
    tables = {name: frame for name, frame in trial.tables.items() if name != "assessments"}
    (missing,) = [one for one in coxa.read_cohort(trial.study, tables).findings.errors if one.table == "assessments"]
    assert "no frame" in missing.rule


def test_a_frame_with_a_column_of_mixed_kinds_is_a_finding(trial: SimulatedTrial) -> None:
    people = trial.tables["participants"].astype(object)
    people.loc[people.index[0], "age"] = "unknown"
    cohort = coxa.read_cohort(trial.study, {**trial.tables, "participants": people})
    assert "A column mixes kinds of values" in {one.rule for one in cohort.findings.errors}


def test_a_report_lists_its_tables_and_figures_and_finds_them_by_number(report: coxa.Report) -> None:
    assert list(report.tables)[:2] == ["T1", "T2"]
    assert repr(report.tables).splitlines()[1].split("  ")[0] == "T2"
    second = report.table("Table 2")
    assert second is report.table("T2") is report.table(second.id) is report.tables["t2"]
    assert report.figure("Figure 1") is report.figure("F1") is next(iter(report.figures.values()))


def test_a_wrong_name_of_a_table_lists_those_that_there_are(report: coxa.Report) -> None:
    with pytest.raises(OptionError, match=rf"no table 'T99'.*\n  T1 +{report.table('T1').title}"):
        report.table("T99")
    with pytest.raises(OptionError, match="no figure 'Table 1'"):
        report.figure("Table 1")


def test_a_report_without_files_is_written_as_any_other(report: coxa.Report, tmp_path: Path) -> None:
    (page,) = report.write(tmp_path / "out")
    alone = report.to_html(tmp_path / "alone.html")
    assert page.read_bytes() == alone.read_bytes()
    assert report.table("T1").title in alone.read_text(encoding="utf-8")
    assert (tmp_path / "out" / "results.parquet").is_file()


def test_an_unknown_format_is_refused_before_anything_is_written(report: coxa.Report, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="format"):
        report.write(tmp_path / "out", formats=("htm",))
    assert not (tmp_path / "out").exists()
