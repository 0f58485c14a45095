"""What other software gives for the cases of `coxa.selftest.further`, from the files of this folder."""

from __future__ import annotations

from typing import Any

from tests.reference import tolerances
from tests.reference.causal_numbers import IV
from tests.reference.trial import reference

ESTIMATED = {"est": "estimate", "se": "standard error"}


def further() -> dict[str, dict[str, Any]]:
    """Return case -> software, address, numbers by name, and a note with a tolerance where they are not the usual."""
    return {**_imputed(), **_of_ancova(), **_location_scale(), **_causal(), **_measured()}


def _imputed() -> dict[str, dict[str, Any]]:
    rbmi = reference("rbmi")
    found = {}
    for case, key in (("imputed_mar", "MAR"), ("imputed_j2r", "JR")):
        printed = rbmi[key]
        found[case] = {
            "software": f"R rbmi {rbmi['meta']['rbmi']}",
            "address": f"rbmi.json: {key}",
            "numbers": {
                f"exercise minus usual_care, {visit}: {words}": printed[column][
                    printed["parameter"].index(f"trt_{visit}")
                ]
                for visit in ("week_12", "week_52")
                for column, words in ESTIMATED.items()
            },
            "closeness": tolerances.RBMI,
            "note": "rbmi's fits stop where its optimiser does, so that the jackknife differs in the later digits.",
        }
    sets = next(case for case in reference("imputation_r")["cases"] if case["m"] == 3)
    numbers = {}
    for name, row in zip(("Intercept", "x", "z", "w"), sets["pooled"], strict=True):
        numbers |= {f"{name}: estimate": row["estimate"], f"{name}: standard error": row["t"] ** 0.5,
                    f"{name}: df": row["df"]}  # fmt: skip
    numbers |= {"D1 of z and w: F": sets["D1"]["F.value"], "D1 of z and w: df": sets["D1"]["df2"]}
    found["sets_pooled"] = {
        "software": "R mice 3.15.0, mitml 0.4-4", "address": "imputation_r.json: three sets", "numbers": numbers,
    }  # fmt: skip
    return found


def _of_ancova() -> dict[str, dict[str, Any]]:
    more = reference("ancova_more_r")
    responders = {
        f"{name.replace('_minus_', ' minus ')}: {words}": pair[column]
        for name, pair in more["responders"].items()
        for column, words in (("estimate", "estimate"), ("se", "standard error"))
    }
    seen = more["diagnostics"]
    diagnostics = {
        "largest Cook's distance": seen["cook"],
        "studentised residual of that participant": seen["studentised"],
        "arm[exercise] without: estimate": seen["without"]["estimate"],
        "arm[exercise] without: standard error": seen["without"]["se"],
    }
    return {
        "responders": {"software": "base R 4.2.2, lm and its delta method", "numbers": responders,
                       "address": "ancova_more_r.json: responders"},
        "diagnostics": {"software": "base R 4.2.2, cooks.distance, rstandard, lm", "numbers": diagnostics,
                        "address": "ancova_more_r.json: diagnostics"},
    }  # fmt: skip


def _location_scale() -> dict[str, dict[str, Any]]:
    fitted = reference("location_scale_r")["glmmTMB"]
    columns = {"mean": ("fixed", "se"), "log variance": ("disp", "disp_se")}
    numbers = {
        f"{part}, {term}: {words}": fitted[column][place]
        for part, pair in columns.items()
        for place, term in ((1, "exercise"), (2, "day"))
        for words, column in zip(ESTIMATED.values(), pair, strict=True)
    }
    return {
        "location_scale": {
            "software": "R glmmTMB 1.1.5", "address": "location_scale_r.json: glmmTMB",
            "numbers": {**numbers, "log-likelihood": fitted["loglik"]}, "closeness": tolerances.GLMMTMB_STOPPED,
            "note": "glmmTMB stops where its optimiser's tolerance lets it, so that the later digits differ.",
        }
    }  # fmt: skip


def _causal() -> dict[str, dict[str, Any]]:
    weights = reference("causal_weights")
    pairs = {"weighted, ATT": weights["estimates"]["ATT"], "weighted, ATO": weights["estimates"]["ATO"],
             "entropy balance, ATT": weights["estimates"]["entropy"],
             "doubly robust, ATE": weights["doubly_robust"]["ATE"]}  # fmt: skip
    groups = {
        f"{name}: {words}": value
        for name, pair in pairs.items()
        for words, value in zip(("estimate", "standard error"), pair, strict=True)
    }
    low, high = IV["anderson_rubin"]
    return {
        "compliers": {
            "software": "R AER 1.2-10", "address": "causal_numbers.py: IV",
            "numbers": {
                "effect among compliers: estimate": IV["estimate"],
                "effect among compliers: standard error": IV["model"],
                "difference of arms as randomised": IV["itt"], "share of compliers": IV["first"],
                "F of the first stage": IV["f"], "Anderson-Rubin: lower": low, "Anderson-Rubin: upper": high,
            },
        },
        "groups": {
            "software": "R 4.2.2 by hand; Python delicatessen 4.3", "address": "causal_weights.json: estimates",
            "numbers": groups,
            "note": "The other software solves stacked equations with derivatives by differences.",
        },
    }  # fmt: skip


def _measured() -> dict[str, dict[str, Any]]:
    known = reference("measurement")["shrout_fleiss"]
    keys = {"ICC1": "ICC(1,1)", "ICC2": "ICC(2,1)", "ICC3": "ICC(3,1)", "ICC2k": "ICC(2,k)"}
    numbers = {
        f"{form}: {words}": value
        for key, form in keys.items()
        for words, value in zip(("coefficient", "lower", "upper"), known[key], strict=True)
    }
    numbers["standard error of measurement, agreement"] = known["SEM_agreement"]
    numbers["smallest detectable change, agreement"] = known["SDC95_agreement"]
    return {
        "reliability": {
            "software": "R psych 2.2.9", "address": "measurement.json: shrout_fleiss", "numbers": numbers,
        }
    }  # fmt: skip
