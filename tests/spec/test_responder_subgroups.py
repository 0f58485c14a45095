"""Responders by a model within subgroups: against closed forms and the whole, in a plan, and on planted subgroups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coxa
from coxa.errors import OptionError, PlanError
from coxa.estimates import responder_by_model, responders_in_subgroups
from coxa.models import fit_ancova, fit_mmrm
from coxa.report.build import build_document
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.sizes import few


def trial(n: int = 120, seed: int = 8) -> pd.DataFrame:
    """Return two visits of two arms, of women whom the treatment helps more than men."""
    rng = np.random.default_rng(seed)
    arm, sex, baseline = np.arange(n) % 2, rng.integers(0, 2, n), rng.normal(50, 8, n)
    own = rng.normal(0, 6, n)
    parts = [
        pd.DataFrame(
            {
                "participant_id": np.arange(n),
                "arm": pd.Categorical(np.where(arm == 1, "exercise", "usual"), ["usual", "exercise"]),
                "sex": pd.Categorical(np.where(sex == 1, "male", "female"), ["female", "male"]),
                "visit": pd.Categorical([visit] * n, ["week_6", "week_12"]),
                "baseline": baseline,
                "change": 4 + arm * (8 - 5 * sex) + own + rng.normal(0, 6, n) - 0.2 * (baseline - 50),
            }
        )
        for visit in ("week_6", "week_12")
    ]
    d = pd.concat(parts, ignore_index=True)
    return d.assign(change=d["change"].mask(rng.random(len(d)) < 0.1))


def test_errors_are_those_of_the_closed_form() -> None:
    """Without covariates a probability is Phi((mean - mark) / sd), of a mean and a variance that are independent."""
    d = trial().query("visit == 'week_12'").dropna()
    fit = fit_ancova("change ~ arm * sex", d)
    found = responders_in_subgroups(fit, "sex", 8, higher_is_better=True, covariates="given").frame
    cells = d.groupby(["sex", "arm"], observed=True)["change"].agg(["mean", "size"])
    variance = float(((d["change"] - d.groupby(["sex", "arm"], observed=True)["change"].transform("mean")) ** 2).sum())
    variance /= len(d) - 4
    z = (cells["mean"] - 8) / np.sqrt(variance)
    density, spread = stats.norm.pdf(z), 2 * variance**2 / (len(d) - 4)
    by_variance = pd.Series(-density * z / (2 * variance), cells.index)
    risk, own = pd.Series(stats.norm.cdf(z), cells.index), pd.Series(density**2 / cells["size"], cells.index)
    effects = found.set_index("analysis")
    for sex in ("female", "male"):
        row, slope = effects.loc[f"sex={sex}"], by_variance[sex, "exercise"] - by_variance[sex, "usual"]
        assert row["estimate"] == pytest.approx(risk[sex, "exercise"] - risk[sex, "usual"])
        wanted = own[sex, "exercise"] + own[sex, "usual"] + slope**2 * spread
        assert row["std_error"] ** 2 == pytest.approx(wanted)
    between, slopes = effects.loc["sex=male-female"], by_variance.unstack()
    slope = (slopes["exercise"] - slopes["usual"]) @ np.array([-1, 1])
    assert between["std_error"] ** 2 == pytest.approx(own.sum() + slope**2 * spread)
    assert effects.loc["sex=*", "statistic"] == pytest.approx((between["estimate"] / between["std_error"]) ** 2)


@pytest.mark.parametrize("covariates", ["drawn", "given"])
def test_the_whole_is_the_mean_of_the_subgroups(covariates: str) -> None:
    fit = fit_mmrm("change ~ arm * visit * sex + baseline * visit", trial())
    options = {"higher_is_better": True, "covariates": covariates}
    within = responders_in_subgroups(fit, "sex", 8, **options).frame  # type: ignore[arg-type]
    whole = responder_by_model(fit, 8, **options).only(term="risk_difference").frame  # type: ignore[arg-type]
    for visit in ("week_6", "week_12"):
        own = within[(within["visit"] == visit) & (within["term"] == "subgroup_difference")]
        mean = np.average(own["estimate"], weights=own["n_participants"])
        assert mean == pytest.approx(whole.set_index("visit").loc[visit, "estimate"])
        assert own["n_participants"].sum() == 120
    assert list(within["visit"].unique()) == ["week_6", "week_12"]


def test_a_ratio_is_tested_on_its_logarithm_and_a_model_without_the_interaction_is_refused() -> None:
    fit = fit_mmrm("change ~ arm * visit * sex", trial())
    found = responders_in_subgroups(fit, "sex", 8, higher_is_better=True, effect="odds_ratio", visits=["week_12"]).frame
    own = found.set_index("analysis")
    ratio = own.loc["sex=male", "estimate"] / own.loc["sex=female", "estimate"]
    assert own.loc["sex=male-female", "estimate"] == pytest.approx(ratio)
    with pytest.raises(OptionError, match="no interaction of arm and sex"):
        responders_in_subgroups(fit_mmrm("change ~ arm * visit + sex", trial()), "sex", 8, higher_is_better=True)


def plan(**options: object) -> ComparativeStudy:
    """Return a plan with subgroups of responders, whose effect is planted alike in both."""
    keys = {
        "study": "responders",
        "title": "Responders",
        "arms": {"usual": {"reference": True}, "exercise": {}},
        "visits": {"baseline": {"day": 0}, "week_6": {"day": 42}, "week_12": {"day": 84}},
        "covariates": {"sex": {"type": "category", "levels": {"female": "Women", "male": "Men"}}},
        "outcomes": {
            "pain": {
                "range": [0, 100],
                "higher_is_better": True,
                "responder": {"measure": "change", "at_least": 10, "source": "made up"},
            }
        },
        "estimands": {
            "main": {
                "treatment": {"compare": "exercise", "against": "usual"},
                "endpoint": {"outcome": "pain", "measure": "responder", "visit": "week_12"},
                "summary": "risk_difference",
            }
        },
        "analyses": {
            "main": {
                "estimand": "main",
                "model": "responder_mmrm",
                "adjust": ["baseline"],
                "subgroups": ["sex"],
                **options,
            }
        },
        "assumptions": {
            "participants": 200,
            "outcomes": {
                "pain": {
                    "baseline": {"mean": 50, "sd": 10},
                    "shared_change": 5,
                    "mean_change": {"exercise": 6},
                    "scale": "continuous",
                }
            },
            "dropout": {"probability": 0.15},
        },
    }
    study = study_of(keys)
    assert isinstance(study, ComparativeStudy)
    return study


def test_a_report_has_the_subgroups_of_responders() -> None:
    trial = coxa.simulate_study(plan(), seed=4, truth_size=2000)
    report = coxa.analyse(trial)
    found = report.estimates.frame
    own = found[(found["term"] == "subgroup_difference") & (found["visit"] == "week_12")].set_index("analysis")
    assert len(own) == 2
    truth = trial.truth.to_frame()["value"].iloc[0]
    assert own["conf_low"].lt(truth).all()
    assert own["conf_high"].gt(truth).all()
    text = " ".join(str(table.title) for table in build_document(report).tables())
    assert "subgroup" in text.lower()


def test_the_interaction_has_its_size_where_subgroups_are_alike() -> None:
    rejected, replicates = 0, few(12, 400)
    study = plan()
    design = coxa.simulate.trial_design(study, 120)
    for seed in range(replicates):
        frame = coxa.simulate.estimand_frame(design, coxa.simulate.draw_outcomes(design, seed), "main")
        fit = fit_mmrm("change ~ arm * visit * sex + baseline", frame.dropna(subset=["change"]))
        rows = responders_in_subgroups(fit, "sex", 10, higher_is_better=True, visits=["week_12"]).frame
        rejected += int(rows.set_index("term").loc["interaction_test", "p_value"] < 0.05)
    assert rejected <= stats.binom.ppf(0.999, replicates, 0.05) + 1


def test_a_subgroup_that_is_no_covariate_is_refused() -> None:
    with pytest.raises((PlanError, ValueError)):
        plan(subgroups=["weight"])
