"""Change adjusted for the case mix: the model of patients one by one, from one row for each therapist."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.audit import funnel_means, tipping_means
from coxa.clinics.measures.case_mix import case_mix
from coxa.clinics.measures.design import design_of
from coxa.clinics.measures.loss_weights import loss_weights
from coxa.clinics.measures.model_sums import Weight, model_sums
from coxa.episodes import Episodes
from coxa.models import fit_lmm
from coxa.models.results.fit import Fit
from tests.spec.tiny_clinics import episodes_in, episodes_of

DESCRIPTORS: dict[str, Any] = {
    "age": {"type": "number", "bands": [50, 65]},
    "sex": {"type": "category", "levels": ["f", "m"]},
    "smoker": {"type": "category", "levels": ["no", "yes"], "adjust": False},
}
DAYS = {"intake_date": pd.Timestamp("2025-01-07"), "discharge_date": pd.Timestamp("2025-03-07")}


@cache
def rows(n: int = 600, seed: int = 2) -> pd.DataFrame:
    """Return episodes of 6 clinics with 3 therapists each; clinic 5 is better, and a third are lost."""
    rng = np.random.default_rng(seed)
    therapist = rng.integers(0, 18, n)
    clinic, sex = therapist // 3, rng.integers(0, 2, n)
    frame = pd.DataFrame({"clinic": [f"C{k}" for k in clinic], "therapist": [f"T{k:02d}" for k in therapist]})
    frame["age"] = rng.normal(58, 12, n).round()
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame["sex"] = pd.Series(np.where(sex == 1, "m", "f"), dtype=object).mask(rng.random(n) < 0.06, None)
    frame["smoker"] = rng.choice(["no", "yes"], n)
    frame["condition"] = rng.choice(["hip", "knee", "back"], n, p=[0.5, 0.3, 0.2])
    frame["pain_intake"] = rng.normal(6, 1.5, n).round(1).clip(0, 10)
    effect = np.array([0, 0.2, -0.2, 0.1, -0.1, 2.0])[clinic] + rng.normal(0, 0.4, 18)[therapist]
    change = 2 + 0.5 * (frame["pain_intake"] - 6) + 0.4 * sex - 0.02 * (frame["age"].fillna(58) - 58) + effect
    frame["pain_discharge"] = (frame["pain_intake"] - change - rng.normal(0, 1.5, n)).round(1)
    frame.loc[rng.random(n) < 0.25 + 0.15 * sex, "pain_discharge"] = np.nan
    return frame.assign(**DAYS)


@cache
def episodes() -> Episodes:
    return episodes_of(rows(), descriptors=DESCRIPTORS)


@cache
def known() -> pd.DataFrame:
    """Return the rows whose change is known, with the columns of the model as Python makes them."""
    frame = rows().dropna(subset=["pain_discharge"]).copy()
    frame["change"] = frame["pain_intake"] - frame["pain_discharge"]
    frame["score"] = frame["pain_intake"] - frame["pain_intake"].mean()
    frame["score2"] = frame["score"] ** 2
    frame["no_age"] = frame["age"].isna().astype(float)
    frame["age_filled"] = (frame["age"] - frame["age"].mean()).fillna(0)
    frame["sex"] = frame["sex"].fillna("not recorded")
    return frame.reset_index(drop=True)


@cache
def one_by_one() -> Fit:
    """Return the model of the patients one by one."""
    frame = known().copy()
    for name in ("sex", "condition"):
        frame[name] = pd.Categorical(frame[name], list(frame[name].value_counts().index))
    formula = "change ~ score + score2 + age_filled + no_age + sex + condition + (1 | clinic/therapist)"
    return fit_lmm(formula, frame, ddf="satterthwaite")


def test_the_model_is_that_of_patients_one_by_one() -> None:
    found, fit = case_mix(episodes(), "pain"), one_by_one()
    assert (found.n, found.n_clinics, found.n_therapists, found.without) == (len(known()), 6, 18, "")
    names = ["Intercept", "score", "score2", "age_filled", "no_age"]
    names += [f"sex[{level}]" for level in known()["sex"].value_counts().index[1:]]
    names += [f"condition[{level}]" for level in known()["condition"].value_counts().index[1:]]
    np.testing.assert_allclose(found.coefficients["estimate"], fit.params[names], rtol=1e-8)
    np.testing.assert_allclose(found.coefficients["std_error"], fit.bse[names], rtol=1e-8)
    limits = fit.conf_int().loc[names]
    np.testing.assert_allclose(found.coefficients[["conf_low", "conf_high"]], limits, rtol=1e-6)
    sds = fit.covariance_parameters
    np.testing.assert_allclose(found.variances["variance"], sds.to_numpy() ** 2, rtol=1e-8)
    assert found.variances["share"].sum() == pytest.approx(1)
    assert found.variances["level"].tolist() == ["clinic", "therapist", "patient"]


def fixed() -> np.ndarray:
    """Return the fixed part of each patient."""
    fit = one_by_one()
    return np.asarray(fit.predict(known().assign(clinic="new", therapist="new"), random=False)["estimate"])


def test_clinics_have_mean_residuals_their_limits_and_their_predictions() -> None:
    found, frame = case_mix(episodes(), "pain"), known().assign(fixed=fixed())
    by = frame.groupby("clinic")
    clinics = found.clinics.set_index("clinic")
    residual = by["change"].mean() - by["fixed"].mean()
    np.testing.assert_allclose(clinics["change"], by["change"].mean(), rtol=1e-10)
    np.testing.assert_allclose(clinics["intake"], by["pain_intake"].mean(), rtol=1e-10)
    np.testing.assert_allclose(clinics["residual"], residual, rtol=1e-7)
    np.testing.assert_allclose(clinics["expected"], by["fixed"].mean(), rtol=1e-8)
    np.testing.assert_allclose(clinics["adjusted"], frame["change"].mean() + residual, rtol=1e-8)
    assert found.target == pytest.approx(frame["change"].mean())
    sd = np.sqrt(found.variances["variance"].iloc[2])
    np.testing.assert_allclose(clinics["std_error"], sd / np.sqrt(by.size()), rtol=1e-10)
    funnel = funnel_means(residual, clinics["std_error"], target=0.0, adjust="additive", screen="winsorised")
    assert (found.phi, found.tau2) == pytest.approx((funnel.dispersion.phi, funnel.dispersion.tau2), rel=1e-6)
    np.testing.assert_allclose(clinics["high_99.8"], found.target + funnel.frame["high_99_8"].to_numpy(), rtol=1e-7)
    effects = one_by_one().random_effects("clinic").set_index("level")
    np.testing.assert_allclose(clinics["shrunken"] - found.target, effects["value"], rtol=1e-7, atol=1e-9)
    half = (clinics["shrunken_high"] - clinics["shrunken_low"]) / 2
    np.testing.assert_allclose(half, stats.norm.ppf(0.975) * effects["std_error"], rtol=1e-7)
    variance = found.variances["variance"].iloc[0]
    np.testing.assert_allclose(clinics["reliability"], 1 - effects["std_error"] ** 2 / variance, rtol=1e-7)


def test_the_lost_of_each_clinic_and_what_they_would_need() -> None:
    found = case_mix(episodes(), "pain")
    lost = rows()["pain_discharge"].isna().groupby(rows()["clinic"]).sum()
    clinics = found.clinics.set_index("clinic")
    assert clinics["n_lost"].to_dict() == lost.to_dict()
    sd = float(np.sqrt(found.variances["variance"].iloc[2]))
    tipping = tipping_means(clinics["adjusted"], clinics["n"], lost, sd=sd, target=found.target, tau2=found.tau2)
    np.testing.assert_allclose(clinics[["lost_low", "lost_high"]], tipping[["lost_mean_low", "lost_mean_high"]])


def test_therapists_have_the_prediction_of_clinic_and_therapist() -> None:
    found = case_mix(episodes(), "pain")
    therapists = found.therapists
    assert len(therapists) == 18
    effects = one_by_one().random_effects()
    own = {(row.factor, str(row.level)): row.value for row in effects.itertuples()}
    expected = [
        own["clinic", row.clinic] + own["clinic:therapist", f"{row.clinic}:{row.therapist}"]
        for row in therapists.itertuples()
    ]
    np.testing.assert_allclose(therapists["shrunken"] - found.target, expected, rtol=1e-6, atol=1e-8)
    assert therapists["n"].sum() == found.n


def test_a_clinic_that_is_far_better_is_high_and_no_other_is() -> None:
    clinics = case_mix(episodes(), "pain").clinics.set_index("clinic")
    assert clinics["position_95"].to_dict() == {f"C{k}": "high" if k == 5 else "within" for k in range(6)}


def test_bands_of_the_expected_change_hold_each_episode_once() -> None:
    found, frame = case_mix(episodes(), "pain"), known().assign(fixed=fixed()).sort_values("fixed")
    bands = found.calibration
    assert bands["band"].tolist() == list(range(1, 11))
    assert bands["n"].sum() == len(frame)
    ends = bands["n"].cumsum()
    for band, end in zip(bands.itertuples(), ends, strict=True):
        part = frame.iloc[end - band.n : end]
        assert band.expected == pytest.approx(part["fixed"].mean(), rel=1e-8)
        assert band.observed == pytest.approx(part["change"].mean(), rel=1e-8)
    assert (bands["n"] - len(frame) / 10).abs().max() <= 3


def test_recovery_is_that_of_a_patient_with_the_usual_values() -> None:
    found, fit = case_mix(episodes(), "pain"), one_by_one()
    usual = known().iloc[[0] * len(found.recovery)].copy()
    usual["score"] = found.recovery["intake"].to_numpy() - known()["pain_intake"].mean()
    usual = usual.assign(score2=usual["score"] ** 2, age_filled=0.0, no_age=0.0, sex="f", condition="hip")
    assert known()["sex"].mode()[0] == "f"
    predicted = fit.predict(usual, random=False)
    expected = found.recovery["intake"].to_numpy() - predicted["estimate"].to_numpy()
    np.testing.assert_allclose(found.recovery["expected"], np.clip(expected, 0, 10), rtol=1e-8)
    spread = np.sqrt(found.variances["variance"].sum() + predicted["std_error"].to_numpy() ** 2)
    low = expected - stats.norm.ppf(0.9) * spread
    np.testing.assert_allclose(found.recovery["low"], np.clip(low, 0, 10), rtol=1e-7, atol=1e-9)
    assert found.recovery["intake"].between(0, 10).all()


def test_weighted_means_are_those_of_the_weighted_patients() -> None:
    """Of two clinics without adjusters the weighted means are weighted averages."""
    weight = Weight("CASE WHEN sex = :s THEN 3.0 ELSE 1.0 END", {"s": "m"})
    found = case_mix(episodes(), "pain", weight)
    frame = known().assign(w=np.where(known()["sex"] == "m", 3.0, 1.0))
    frame["w"] /= frame["w"].mean()
    for name in ("sex", "condition"):
        frame[name] = pd.Categorical(frame[name], list(frame[name].value_counts().index))
    formula = "change ~ score + score2 + age_filled + no_age + sex + condition + (1 | clinic/therapist)"
    fit = fit_lmm(formula, frame, weights="w")
    frame["residual"] = frame["change"] - fit.predict(frame, random=False)["estimate"].to_numpy()
    mean = np.average(frame["change"], weights=frame["w"])
    expected = (
        mean
        + (frame["residual"] * frame["w"]).groupby(frame["clinic"]).sum() / frame["w"].groupby(frame["clinic"]).sum()
    )
    np.testing.assert_allclose(found.clinics["weighted"], expected, rtol=1e-7)
    assert found.therapists["weighted"].notna().all()
    assert case_mix(episodes(), "pain").clinics["weighted"].isna().all()


def test_weights_of_lost_patients_are_joined_in_the_database() -> None:
    weights = loss_weights(episodes())
    assert weights.weight is not None
    sums = model_sums(episodes(), design_of(episodes(), "pain"), weights.weight)
    assert sums.weight.sum() == pytest.approx(len(known()))
    assert case_mix(episodes(), "pain", weights.weight).clinics["weighted"].notna().all()


def test_the_method_tells_what_was_done() -> None:
    method = case_mix(episodes(), "pain").method
    assert "adjusted for intake score and its square; Age; Sex; condition" in method
    assert "A number that is missing counts as the mean, with an indicator." in method
    assert "A category that is missing is a level of its own." in method
    assert "smoker" not in method


def test_change_is_improvement_on_a_scale_where_higher_is_better() -> None:
    frame = rows().assign(lefs_intake=80 - 8 * rows()["pain_intake"], lefs_discharge=80 - 8 * rows()["pain_discharge"])
    both = {"pain": {"instrument": "nprs"}, "lefs": {"instrument": "lefs"}}
    found = episodes_of(frame, descriptors=DESCRIPTORS, outcomes=both)
    pain, lefs = case_mix(found, "pain"), case_mix(found, "lefs")
    assert lefs.target == pytest.approx(8 * pain.target)
    np.testing.assert_allclose(lefs.clinics["residual"], 8 * pain.clinics["residual"], rtol=1e-7)
    usual = lefs.recovery["intake"].sub(40).abs().idxmin()
    assert lefs.recovery["expected"][usual] > lefs.recovery["intake"][usual]


def test_few_episodes_and_one_clinic_have_no_model() -> None:
    few = episodes_of(episodes_in("A", "2025-01", [1.0] * 20) + episodes_in("B", "2025-01", [2.0] * 9 + [None]))
    found = case_mix(few, "pain")
    assert found.without == "The change of 29 episodes is known. A case-mix model needs 30 or more."
    assert (found.n, len(found.clinics), len(found.recovery)) == (29, 0, 0)
    one = episodes_of(episodes_in("A", "2025-01", [1.0, 2.0] * 20))
    expected = "The change of patients is known in one clinic. A comparison needs two or more."
    assert case_mix(one, "pain").without == expected
    assert list(case_mix(one, "pain").clinics.columns) == list(case_mix(episodes(), "pain").clinics.columns)


def test_changes_that_are_all_the_same_have_no_model() -> None:
    same = episodes_of(episodes_in("A", "2025-01", [2.0] * 20) + episodes_in("B", "2025-01", [2.0] * 20))
    assert case_mix(same, "pain").without.startswith("The case-mix model cannot be fitted: ")


def test_without_therapists_there_are_clinics_alone() -> None:
    rng = np.random.default_rng(1)
    parts = [episodes_in(name, "2025-01", list(rng.normal(2, 1, 20))) for name in "ABC"]
    found = case_mix(episodes_of([row | {"pain_intake": 8.3} for part in parts for row in part]), "pain")
    assert len(found.clinics) == 3
    assert found.recovery["intake"].tolist() == pytest.approx([8.3])
    assert (len(found.therapists), found.n_therapists) == (0, 0)
    assert "Therapists are not in the model" in found.method
    assert "Columns that are combinations of others are left out: intake score" in found.method


def test_rare_levels_are_joined_and_named() -> None:
    frame = rows().copy()
    frame.loc[frame.index[:8], "condition"] = "elbow"
    frame.loc[frame.index[8:17], "condition"] = "wrist"
    found = case_mix(episodes_of(frame, descriptors=DESCRIPTORS), "pain")
    levels = found.coefficients.loc[found.coefficients["term"] == "condition", "level"]
    assert levels.tolist() == ["knee", "back", "other"]
    assert "Levels of condition with few episodes are joined to `other`: elbow, wrist" in found.method


def test_a_level_that_is_called_other_is_joined_with_the_rare_ones() -> None:
    frame = rows().copy()
    frame.loc[frame.index[:4], "condition"] = "elbow"
    frame["condition"] = frame["condition"].replace("back", "other")
    found = case_mix(episodes_of(frame, descriptors=DESCRIPTORS), "pain")
    levels = found.coefficients.loc[found.coefficients["term"] == "condition", "level"]
    assert levels.tolist() == ["knee", "other"]
    assert "joined to `other`: elbow, other" in found.method


def test_a_clinic_without_any_known_change_and_episodes_without_a_therapist_are_told() -> None:
    frame = rows().copy()
    frame.loc[frame["clinic"] == "C0", "pain_discharge"] = np.nan
    frame.loc[frame.index[::9], "therapist"] = None
    found = case_mix(episodes_of(frame, descriptors=DESCRIPTORS), "pain")
    assert found.clinics["clinic"].tolist() == ["C1", "C2", "C3", "C4", "C5"]
    assert "1 clinic is not compared, because the change of none of the patients is known." in found.method
    assert "Episodes without a therapist count as those of one therapist of their clinic" in found.method
    assert (found.therapists["therapist"] == "not recorded").sum() == 5


def test_levels_of_fewer_patients_than_a_coefficient_needs_count_as_the_most_frequent() -> None:
    frame = rows().copy()
    frame.loc[frame.index[:4], "condition"] = "elbow"
    frame.loc[frame.index[4:9], "condition"] = "wrist"
    found = case_mix(episodes_of(frame, descriptors=DESCRIPTORS), "pain")
    levels = found.coefficients.loc[found.coefficients["term"] == "condition", "level"]
    assert levels.tolist() == ["knee", "back"]
    assert "count as `" in found.method
