"""Collect what R and SAS give for the cases of the self-test: `python -m tests.reference.selftest_numbers`.

It writes `src/coxa/selftest/numbers.json` from the files of this folder; a test holds the two together.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import coxa.selftest
from coxa.selftest.cases import INTERACTIONS, STRUCTURES
from tests.reference import tolerances
from tests.reference.selftest_further import further
from tests.reference.trial import from_r, reference, sorted_parts

NUMBERS = Path(coxa.selftest.__file__).parent / "numbers.json"

MARGINS = (-0.06836398780294617, 0.060716413398266916)
"""SAS %Margins on trial01: beeca 4b72c14a, inst/extdata/margins_trt_diffs.sas7bdat."""

POLYPS = (0.2546, 0.1232, 0.5259)
"""SAS GENMOD on polyps, printed to four decimals: CAMIS, SAS/count_data_regression.qmd."""


def collected() -> dict[str, dict[str, Any]]:
    """Return case -> software, address, numbers by name, and how close each has to be."""
    found: dict[str, dict[str, Any]] = {}
    mmrm, meta = reference("mmrm"), reference("mmrm")["meta"]
    software = f"R mmrm {meta['mmrm']}"
    for key in STRUCTURES:
        numbers = _of_coefficients(mmrm[key], INTERACTIONS, "se", "df")
        numbers["log-likelihood"] = mmrm[key]["logLik"]
        found[f"mmrm_{key}"] = _case(software, f"mmrm.json: {key}", numbers)
    found["adjusted_means"] = _case(
        f"R emmeans {meta['emmeans']}", "mmrm.json: us_kr", _of_means(mmrm["us_kr"], "week_52")
    )
    ancova = reference("ancova")["ancova_week_12"]
    found["ancova"] = _case("R lm, emmeans 1.8.4.1", "ancova.json: ancova_week_12", {
        f"{arm} minus usual_care: {words}": ancova[column][place]
        for place, arm in enumerate(("exercise", "manual_therapy"))
        for column, words in (("estimate", "estimate"), ("c_se", "standard error"), ("lower", "lower"),
                              ("upper", "upper"))
    })  # fmt: skip
    lmm = reference("lmm_r")
    slopes = _of_coefficients(
        lmm["trial_slope"], ("arm[exercise]:week", "arm[manual_therapy]:week"), "se", "df_satterthwaite"
    )
    slopes["log-likelihood"] = lmm["trial_slope"]["loglik"]
    found["lmm_slopes"] = _case("R lme4 1.1.31, lmerTest 3.1.3", "lmm_r.json: trial_slope", slopes)
    sleep = _of_coefficients(lmm["sleepstudy_slope"], ("Intercept", "Days"), "se_kr", "df_kr")
    sleep["log-likelihood"] = lmm["sleepstudy_slope"]["loglik"]
    found["sleepstudy"] = _case("R lme4 1.1.31, pbkrtest 0.5.2", "lmm_r.json: sleepstudy_slope", sleep)
    gee = reference("gee_r")["geepack_trial_exchangeable"]
    found["gee"] = _case(
        "R geepack 1.3.9", "gee_r.json: geepack_trial_exchangeable",
        _of_coefficients({**gee, "coef": gee["names"], "estimate": gee["beta"]},
                         ("arm[exercise]", "arm[manual_therapy]", "baseline"), "se"),
    )  # fmt: skip
    counts = reference("counts_r")["polyps_nb"]
    numbers = {
        f"{name}: {words}": counts[column][place]
        for place, name in ((1, "placebo"), (2, "age"))
        for column, words in (("coef", "estimate"), ("se", "standard error"))
    }
    numbers |= {"theta": counts["theta"], "log-likelihood": counts["loglik"]}
    found["counts_r"] = _case("R MASS 7.3.58.2", "counts_r.json: polyps_nb", numbers)
    names = ("estimate", "lower", "upper")
    printed = {f"rate ratio, drug: {words}": value for words, value in zip(names, POLYPS, strict=True)}
    note = "SAS prints four decimals; a difference of half a unit of the last is rounding."
    found["counts_sas"] = _case(
        "SAS GENMOD", "CAMIS, SAS/count_data_regression.qmd", printed, printed=5.1e-5, note=note
    )
    margins = {"risk difference: estimate": MARGINS[0], "risk difference: standard error": MARGINS[1]}
    note = "The macro's maximum is less sharp: it stops at a gradient of about 1e-9."
    found["binary_sas"] = _case(
        "SAS %Margins", "beeca 4b72c14a, margins_trt_diffs", margins, printed=tolerances.SAS_MARGINS, note=note
    )
    pooled = reference("meta/meta_r")
    told = pooled["fits"]["REML_knha"]
    found["pooled"] = _case(f"R metafor {pooled['meta']['metafor']}", "meta/meta_r.json: REML_knha", {
        "log risk ratio: estimate": told["beta"], "log risk ratio: standard error": told["se"],
        "log risk ratio: lower": told["ci_lb"], "log risk ratio: upper": told["ci_ub"], "tau squared": told["tau2"],
        "Q": told["Q"],
    })  # fmt: skip
    design = next(each for each in reference("looks")["designs"] if (each["sides"], each["info"]) == (1, [0.5, 1.0]))
    found["looks"] = _case(
        "Gauss-Legendre recursion; R rpact 3.3.4", "looks.json: one-sided, two looks",
        {f"boundary of look {number}": value for number, value in enumerate(design["z"], 1)},
    )  # fmt: skip
    cox = reference("survival_r")["cancer_efron"]
    found["cox"] = _case("R survival 3.5.3", "survival_r.json: cancer_efron", {
        f"{name}: {words}": cox[column][place]
        for place, name in enumerate(("sex", "age", "ph.ecog"))
        for column, words in (("coef", "estimate"), ("se", "standard error"))
    })  # fmt: skip
    wine = reference("ordinal_r")["wine"]
    numbers = {
        f"{name}: {words}": wine[column][place]
        for place, name in ((4, "temp"), (5, "contact"))
        for column, words in (("est", "estimate"), ("se", "standard error"))
    }
    found["ordinal"] = _case(
        "R ordinal 2022.11.16", "ordinal_r.json: wine", {**numbers, "log-likelihood": wine["logLik"]}
    )
    glmm = reference("glmm_r")["respiratory_25"]
    numbers = {
        f"{name}: {words}": glmm[column][place]
        for place, name in ((1, "treat[A]"), (2, "baseline"))
        for column, words in (("beta", "estimate"), ("se", "standard error"))
    }
    found["glmm"] = _case(
        "R lme4 1.1.31, glmer", "glmm_r.json: respiratory_25", {**numbers, "log-likelihood": glmm["loglik"]}
    )
    wins = reference("win_ratio_r")["death_recurrence"]
    words = {"wins": "wins", "losses": "losses", "win_ratio": "win ratio", "net_benefit": "net benefit"}
    found["wins"] = _case(
        "base R 4.2.2, pair by pair", "win_ratio_r.json: death_recurrence",
        {shown: wins[name] for name, shown in words.items()},
    )  # fmt: skip
    return found | {name: _case(**case) for name, case in further().items()}


def _case(
    software: str,
    address: str,
    numbers: dict[str, float],
    *,
    printed: float | None = None,
    closeness: float | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Return a case; each number has its unit and tolerance, those of a printed number absolute."""
    return {
        "software": software,
        "address": address,
        "note": note,
        "numbers": {name: {"value": value, **_closeness(name, printed, closeness)} for name, value in numbers.items()},
    }


def _closeness(name: str, printed: float | None, closeness: float | None) -> dict[str, Any]:
    """Return the unit and the tolerance of a number by its name, or the tolerance that is asked for."""
    if printed is not None:
        return {"unit": "absolute", "tolerance": printed}
    if name.endswith(": estimate"):
        return {"unit": "standard errors", "tolerance": closeness or tolerances.EFFECT}
    if name.endswith(": df"):
        return {"unit": "relative", "tolerance": tolerances.DF}
    if name == "log-likelihood":
        return {"unit": "relative", "tolerance": tolerances.DEVIANCE}
    return {"unit": "relative", "tolerance": closeness or tolerances.STANDARD_ERROR}


def _of_coefficients(r: dict[str, Any], names: tuple[str, ...], error: str, df: str | None = None) -> dict[str, float]:
    """Return estimate, standard error and df of R's coefficients under our names."""
    place = {from_r(name): at for at, name in enumerate(r["coef"])}
    columns = {"estimate": "estimate", error: "standard error", **({df: "df"} if df else {})}
    return {
        f"{name}: {words}": r[column][place[sorted_parts(name)]] for name in names for column, words in columns.items()
    }


def _of_means(r: dict[str, Any], visit: str) -> dict[str, float]:
    means, pairs = r["emmeans"], r["contrasts"]
    found = {}
    for place, (arm, at) in enumerate(zip(means["arm"], means["visit"], strict=True)):
        if at == visit:
            found[f"mean of {arm}, {visit}: estimate"] = means["emmean"][place]
            found[f"mean of {arm}, {visit}: standard error"] = means["SE"][place]
    for place, (pair, at) in enumerate(zip(pairs["contrast"], pairs["visit"], strict=True)):
        if at == visit and pair.endswith(" - usual_care"):
            name = f"{pair.replace(' - ', ' minus ')}, {visit}"
            found[f"{name}: estimate"] = pairs["estimate"][place]
            found[f"{name}: standard error"] = pairs["SE"][place]
            found[f"{name}: df"] = pairs["df"][place]
    return found


def as_text() -> str:
    """Return the file."""
    return json.dumps(collected(), indent=1) + "\n"


if __name__ == "__main__":
    NUMBERS.write_text(as_text(), encoding="utf-8")
