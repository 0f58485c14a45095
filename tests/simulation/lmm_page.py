"""The page of docs that says what the simulation of random effects found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Line = Mapping[str, Any]

SHORT = {"satterthwaite": "Satterthwaite", "kenward-roger-linear": "KR linear", "kenward-roger": "KR"}
"""Methods as they head a column."""
CELLS = {
    "nested": {"therapists": "therapists", "icc": "ICC"},
    "clusters": {"clinics": "clinics per arm", "icc": "ICC"},
    "few": {"clinics": "clinics per arm", "icc": "ICC"},
    "slopes": {"participants": "participants", "slope_sd": "SD of slopes"},
    "diary": {"participants": "participants"},
}
"""What tells the cells of a part apart, and how it heads a column."""


def page(run: Mapping[str, Any], models: Mapping[str, str]) -> str:
    """Return the results of `tests.simulation.lmm_size.everything`, and its models, as a page of documentation."""
    results: list[Line] = [each for part in run["parts"].values() for each in part]
    tables = {f"{part}_{value}": by_method(results, part, value) for part in CELLS for value in ("rejected", "power")}
    tables |= {f"{part}_variance": variances(results, part) for part in ("nested", "clusters", "few")}
    n = run["replicates"]
    counts = [each for each in results if each["part"] == "intervals"]
    return PAGE.format(
        **tables,
        **models,
        **findings(results),
        intervals=intervals(counts),
        replicates=f"{n:,}",
        profiles=f"{max(each['fitted'] for each in counts):,}",
        boots=f"{min(each['fitted'] for each in counts):,}",
        draws=run["draws"],
        seed=run["seed"],
        minutes=f"{run['minutes']:.0f}",
        error=f"{100 * np.sqrt(0.05 * 0.95 / n):.2f}",
    )


def findings(results: Sequence[Line]) -> dict[str, str]:
    """Return the numbers that stand in the sentences of the page."""

    def rejected(parts: Sequence[str], ending: str) -> list[float]:
        return [each["rejected"] for each in results if each["part"] in parts and each["method"].endswith(ending)]

    def left_out(part: str) -> str:
        return f"{max(e['rejected'] for e in results if e['part'] == part and 'left out' in e['method']):.1f}"

    def between(values: Sequence[float]) -> str:
        return f"{min(values):.1f} to {max(values):.1f}%"

    def covered(method: str) -> str:
        return between([each["covered"] for each in results if each.get("name") and each["method"] == method])

    many, few = ("nested", "clusters"), ("few",)
    modelled = [each for each in results if each["part"] in many and "left out" not in each["method"]]
    independent = next(each for each in results if each["part"] == "diary" and "independent" in each["method"])
    diary = [each for each in results if each["part"] == "diary" and "independent" not in each["method"]]
    of_few = [each for each in results if each["part"] == "few"]
    default = "satterthwaite, observed"
    return {
        "out_nested": left_out("nested"),
        "out_clusters": left_out("clusters"),
        "out_few": left_out("few"),
        "out_slopes": left_out("slopes"),
        "out_diary": f"{independent['rejected']:.1f}",
        "in_diary": between([each["rejected"] for each in diary]),
        "in_slopes": between(
            [e["rejected"] for e in results if e["part"] == "slopes" and "left out" not in e["method"]]
        ),
        "every": between([each["rejected"] for each in modelled]),
        "satterthwaite": between(rejected(many, default)),
        "default": between([v for part in many for v in linear_expected(results, part)]),
        "few_expected": between(linear_expected(results, "few")),
        "few_observed": between(rejected(few, "kenward-roger, observed")),
        "power_expected": between([each["power"] for each in of_few if each["method"] == "kenward-roger, expected"]),
        "power_observed": between([each["power"] for each in of_few if each["method"] == "kenward-roger, observed"]),
        "zero_expected": between([each["low"] for each in of_few if each["method"] == "kenward-roger, expected"]),
        "zero_observed": between([each["low"] for each in of_few if each["method"] == "kenward-roger, observed"]),
        "profile": covered("profile"),
        "wald": covered("wald"),
        "bootstrap": covered("bootstrap"),
    }


def linear_expected(results: Sequence[Line], part: str) -> list[float]:
    """Return what Kenward-Roger (linear, where the two differ) rejects with expected information."""
    wanted = "kenward-roger-linear, expected" if part == "nested" else "kenward-roger, expected"
    return [each["rejected"] for each in results if each["part"] == part and each["method"] == wanted]


def of_part(results: Sequence[Line], part: str) -> list[tuple[dict[str, Any], list[Line]]]:
    """Return the cells of a part with their lines, in order."""
    found: dict[tuple[Any, ...], list[Line]] = {}
    for each in results:
        if each["part"] == part:
            found.setdefault(tuple(each[key] for key in CELLS[part]), []).append(each)
    return [(dict(zip(CELLS[part].values(), key, strict=True)), lines) for key, lines in found.items()]


def by_method(results: Sequence[Line], part: str, value: str) -> str:
    """Return a table with a row for each cell and a column for each method, of what was rejected or of the power."""
    rows = []
    cells = of_part(results, part)
    for cell, lines in cells:
        row = {**cell, **{heading(each["method"]): entry([each], value) for each in lines}}
        failed = sum(each["failed"] for each in lines if each["method"] == lines[-1]["method"])
        rows.append(row | ({"not fitted": failed} if value == "rejected" else {}))
    if len(cells) > 1:
        by_heading: dict[str, list[Line]] = {}
        for each in (each for _, lines in cells for each in lines):
            by_heading.setdefault(heading(each["method"]), []).append(each)
        first = dict.fromkeys(CELLS[part].values(), "") | {next(iter(CELLS[part].values())): "all"}
        row = {**first, **{name: entry(lines, value) for name, lines in by_heading.items()}}
        rows.append(row | ({"not fitted": sum(each["not fitted"] for each in rows)} if value == "rejected" else {}))
    return markdown(rows)


def entry(lines: Sequence[Line], value: str) -> str:
    """Return the mean of some cells; of what was rejected with its Monte Carlo error."""
    mean = np.mean([each[value] for each in lines])
    if value == "power":
        return f"{mean:.0f}"
    return f"{mean:.1f} ± {np.sqrt(sum(each['error'] ** 2 for each in lines)) / len(lines):.1f}"


def heading(method: str) -> str:
    """Return a method's name as it heads a column."""
    label, _, rest = method.rpartition(": ")
    ddf, _, information = rest.partition(", ")
    return label or f"{SHORT.get(ddf, ddf)} {information}".strip()


def variances(results: Sequence[Line], part: str) -> str:
    """Return a table of a factor's variance by cell, and of what was rejected where it was estimated at zero."""
    rows = []
    for cell, lines in of_part(results, part):
        own = {each["method"]: each for each in lines if "mean" in each}
        first = next(iter(own.values()))
        row = {
            **cell,
            "planted": f"{first['planted']:.1f}",
            "mean of estimates": f"{first['mean']:.1f} ± {first['mean_error']:.1f}",
            "at zero, %": f"{first['zero']:.0f}",
        }
        rows.append({**row, **{f"then rejected: {heading(name)}": at_zero(each) for name, each in own.items()}})
    return markdown(rows)


def at_zero(each: Line) -> str:
    """Return the percentage rejected among fits at the boundary, with its Monte Carlo error."""
    counted = each["zero"] / 100 * each["fitted"]
    if counted < 1 or not np.isfinite(each["low"]):
        return "–"
    share = each["low"] / 100
    return f"{each['low']:.1f} ± {100 * np.sqrt(share * (1 - share) / counted):.1f}"


def intervals(counts: Sequence[Line]) -> str:
    """Return the table of the intervals of variances."""
    words = {"sd[therapist: Intercept]": "SD", "icc[therapist]": "ICC"}
    rows = [
        {
            "therapists": each["therapists"],
            "ICC": each["icc"],
            "interval": f"{each['method']} of {words[each['name']]}",
            "covered": f"{each['covered']:.1f} ± {each['error']:.1f}",
            "wholly below": f"{each['below']:.1f}",
            "wholly above": f"{each['above']:.1f}",
            "without an end": f"{each['without']:.1f}",
            "upper end / truth": f"{each['upper']:.2f}",
            "intervals": each["fitted"],
        }
        for each in counts
    ]
    return markdown(rows)


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table in Markdown."""
    table = pd.DataFrame(rows).astype(object)
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


PAGE = """# Size, power and coverage with random effects

Written by `python -m tests.simulation.lmm_size --write docs/methods/random-effects-size.md` (`nox -s simulation`),
{replicates} replicates of a cell, seed {seed}, {minutes} minutes on two cores that other work was running on. Numbers
after ± are Monte Carlo standard errors; of 5% it is {error}. Each cell is spread over 50 draws of baseline, dropout and
who is whose participant.

* Put therapists and clinics into the model. Left out, a test at 5% rejected up to {out_nested}% with therapists in one
  arm, {out_clusters}% with clinics in both and {out_few}% with two or three large ones; without random slopes up to
  {out_slopes}%, and in the diary with independent residuals {out_diary}%.
* With four or more therapists or clinics in an arm it matters little which method is taken: all rejected {every}.
  Kenward-Roger with expected information, the default below ten levels, rejected {default}; Satterthwaite with
  observed information, the default from ten, {satterthwaite}. With the slopes in the model it was {in_slopes} by all
  methods, in the diary with correlated residuals {in_diary}.
* With two or three large clinics in an arm Kenward-Roger rejected {few_expected} with expected information and
  {few_observed} with observed; its power was {power_expected} and {power_observed}. Where the variance was estimated at
  zero, it rejected {zero_expected} and {zero_observed}: an estimate of zero from so few clinics does not show that they
  are alike. Expected information errs on the side of caution, and more so the less the clinics differ.
* For the standard deviation and ICC of therapists take the profile: its intervals covered {profile}. Wald intervals
  ({wald}) have no upper end where the variance is estimated at zero. Bootstrap intervals ({bootstrap}) lie too low at
  the larger ICC, the more so with few therapists.

## How to read the tables

`Rejected` is the percentage of tests at 5% that reject the true value. The error of an estimate does not depend on the
coefficients, so that this is 100 less the coverage of the 95% interval, with an effect or without. `Power` is the
percentage rejected at a difference of 2.80 standard deviations of the model's own estimate, which a normal test that
knew the standard error would find in 80%. All methods see the same replicates, so that differences between them are
better known than the errors say. `Not fitted` counts replicates without a proven optimum; they are in no other number.

*Observed* and *expected* are what the uncertainty of the variances is taken from (`information` of `fit_lmm` and
`fit_mmrm`). A variance that is estimated at zero counts as known with observed information, as uncertain with expected.
`KR` is Kenward-Roger; `KR linear` leaves out the second derivatives of the covariance structure, and is the same where
residuals are independent. Where nothing is said `fit_lmm` and `fit_mmrm` take observed information for Satterthwaite
and expected for Kenward-Roger.

## Therapists in one arm

Usual care without therapists and an arm with 4, 6, 10 or 20 of them; 60, 72, 80 or 100 participants an arm, unequal
numbers for each therapist (two at least), 4 visits, 20% dropout. Beside the therapist the standard deviations at the
visits are 10, 12, 14 and 15, the correlations 0.7 and its powers. The ICC is that of the last visit, where the arms are
compared. The model is `{ARM} + (1 | therapist)` with an unstructured
covariance and `partially_nested={{"therapist": "arm"}}`. In the column `factor left out` it is the MMRM without
therapists, with Kenward-Roger linear.

Rejected, %:

{nested_rejected}

Power, %:

{nested_power}

The variance of the therapists, and what was rejected (%) among the replicates in which it was estimated at zero:

{nested_variance}

## Clinics by arm

Whole clinics in one of two arms, 6 to 14 participants each, 4 visits, 20% dropout. Participants and residual have the
same variance. The arms are compared at the last visit. The model is
`{CLUSTER} + (1 | clinic)`; `factor left out` is without
clinic, Kenward-Roger.

Rejected, %:

{clusters_rejected}

Power, %:

{clusters_power}

The variance of the clinics, and what was rejected (%) among the replicates in which it was estimated at zero:

{clusters_variance}

## Two or three large clinics by arm

The same with 25 to 35 participants in each clinic.

Rejected, %:

{few_rejected}

Power, %:

{few_power}

The variance of the clinics, and what was rejected (%) among the replicates in which it was estimated at zero:

{few_variance}

## Slopes of participants

Two arms, 5 times (weeks 0, 6, 12, 26, 52, all but the first up to two weeks off), intercepts with a standard deviation
of 8, slopes with one of 0.05 or 0.15 a week, correlation −0.3, residual with one of 8. The test is of `arm:week` in
`{TRAJECTORY}`; in the column `factor left out` only intercepts vary.

Rejected, %:

{slopes_rejected}

Power, %:

{slopes_power}

## A diary

20 participants, 30 days of which a tenth is missed; pain depends on the load of the day before, less the participant's
mean. Load and residual are alike from one day to the next (correlations 0.6 and 0.5). The model is
`{DIARY}` with `covariance="sp_exp"`; the first column
takes residuals for independent.

Rejected, %:

{diary_rejected}

Power, %:

{diary_power}

## Intervals of a therapist's variance

The partially nested trial with 6 and 20 therapists, where the visits share the participant's intercept and nothing else
(`{INTERVALS}`). Profile and Wald
intervals of {profiles} replicates, bootstrap intervals of {boots} with {draws} draws each, the fewest that are allowed.
Percentages of 95% intervals; one without an end covers nothing. `Upper end / truth` is a median.

{intervals}
"""
