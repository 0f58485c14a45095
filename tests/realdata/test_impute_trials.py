"""The antidepressant trial under five strategies, against multiple imputation of other programs.

Numbers: CAMIS@74a06c12 (github PSIAIMS/CAMIS), M = 5,000 imputations, change at visit 7, DRUG less PLACEBO, imputation
and analysis of covariance with gender, baseline by visit and therapy by visit:
SAS/rbmi_continuous_joint_SAS.qmd:281-293, R/rbmi_continuous_joint.qmd:593-605, SAS/tipping_point.qmd:294-301.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.impute import ConditionalMean, conditional_mean, tipping_map, tipping_point
from coxa.models import Fit, fit_mmrm
from tests.realdata.test_models_trials import DATA

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real trials in {DATA.name} (set COXA_REALDATA)"),
]

IMPUTATIONS = 5000
FROM_POSTERIOR = 0.004
"""Relative, of a standard error: the posterior of the programs has a prior, and ours is taken as normal."""

SAS = {"mar": (-2.825, 1.123), "cr": (-2.400, 1.115), "j2r": (-2.144, 1.136), "cir": (-2.481, 1.115)}
RBMI = {"mar": (-2.830, 1.123), "cr": (-2.394, 1.112), "j2r": (-2.148, 1.135), "cir": (-2.479, 1.112)}
TIPPING = {"mar": 3, "cr": 1, "cir": 2, "j2r": -1}


@cache
def trial() -> pd.DataFrame:
    rows = pd.read_csv(DATA / "antidepressant_dia_mmrm" / "antidepressant_refbasedmi_688rows.csv")
    names = {"PATIENT NUMBER": "participant_id", "VISIT NUMBER": "visit", "TREATMENT NAME": "arm"}
    rows = rows.rename(columns={**names, "PATIENT SEX": "gender"})
    return rows.assign(arm=pd.Categorical(rows["arm"], ["PLACEBO", "DRUG"]), visit=rows["visit"].astype(str))


@cache
def fitted() -> Fit:
    return fit_mmrm("change ~ basval * visit + arm * visit + gender", trial())


@cache
def under(word: str) -> ConditionalMean:
    return conditional_mean(
        fitted(), trial(), reference="PLACEBO", strategy=word, formula="arm + basval + gender", standard_error="rubin"
    )


@pytest.mark.parametrize("printed", [SAS, RBMI], ids=["SAS", "rbmi"])
@pytest.mark.parametrize("word", list(SAS))
def test_one_fit_gives_what_five_thousand_imputations_give(word: str, printed: dict[str, tuple[float, float]]) -> None:
    last = under(word).differences().only(visit="7").frame.iloc[0]
    estimate, std_error = printed[word]
    of_difference = np.diff(under(word).parts.errors[:, 0, :, -1])
    monte_carlo = np.sqrt((of_difference**2).sum() / IMPUTATIONS)
    assert last["estimate"] == pytest.approx(estimate, abs=3 * monte_carlo + 0.0005)
    assert last["std_error"] == pytest.approx(std_error, rel=FROM_POSTERIOR)


def test_the_strategies_are_in_their_order() -> None:
    last = {word: float(under(word).differences().only(visit="7").frame["estimate"].iloc[0]) for word in SAS}
    assert sorted(last, key=last.__getitem__) == ["mar", "cir", "cr", "j2r"]


@pytest.mark.parametrize("word", list(TIPPING))
def test_the_row_of_the_page_is_what_is_found(word: str) -> None:
    """Difference, its error and p, the tipping point and the error of the jackknife, as docs/methods/imputation.md."""
    page = (Path(__file__).parents[2] / "docs" / "methods" / "imputation.md").read_text(encoding="utf-8")
    (shown,) = (line for line in page.splitlines() if line.startswith(f"| {word.upper()} | "))
    cells = [cell.strip().replace("\u2212", "-") for cell in shown.strip("|").split("|")]
    last = under(word).differences().only(visit="7").frame.iloc[0]
    assert cells[1] == f"{last['estimate']:.3f} ({last['std_error']:.3f}) {last['p_value']:.4f}".replace(" 0.", " .")
    assert cells[3] == f"{tipping_point(under(word), 'DRUG', visit='7').shift:+.2f}"
    again = conditional_mean(
        fitted(), trial(), reference="PLACEBO", strategy=word, formula="arm + basval + gender",
        standard_error="jackknife",
    )  # fmt: skip
    assert cells[4] == f"{again.differences().only(visit='7').frame['std_error'].iloc[0]:.3f}"


@pytest.mark.parametrize("word", list(TIPPING))
def test_conclusions_tip_between_the_same_whole_deltas(word: str) -> None:
    tip = tipping_point(under(word), "DRUG", visit="7")
    whole = TIPPING[word]
    before, after = sorted((whole - np.sign(whole), whole), key=abs)
    assert min(before, after) < tip.shift < max(before, after)
    assert min(abs(tip.conf_low), abs(tip.conf_high)) < 1e-9
    significant = word != "j2r"
    assert tip.significant == significant


@pytest.mark.parametrize(
    ("word", "delta", "estimate", "p_value"),
    [("mar", 3, -2.100, 0.0675), ("cr", 1, -2.162, 0.0558), ("cir", 2, -1.994, 0.0796), ("j2r", -1, -2.383, 0.0361)],
)
def test_numbers_at_the_tipping_delta(word: str, delta: float, estimate: float, p_value: float) -> None:
    shown = tipping_map(under(word), "DRUG", visit="7", arm_shifts=[delta], against_shifts=[0])
    assert shown.estimate[0, 0] == pytest.approx(estimate, abs=0.02)
    assert shown.p_value[0, 0] == pytest.approx(p_value, abs=0.002)


def test_the_line_of_a_map_is_where_p_is_the_level() -> None:
    found = under("mar")
    shown = tipping_map(found, "DRUG", visit="7")
    assert len(shown.line) > 20
    for other, own, _ in shown.line.iloc[::10].to_numpy():
        at = tipping_map(found, "DRUG", visit="7", arm_shifts=[own], against_shifts=[other])
        assert at.p_value[0, 0] == pytest.approx(0.05, abs=1e-9)


def test_errors_over_samples_are_smaller_under_reference_based_strategies_than_rubins() -> None:
    for word in ("j2r", "cr", "cir"):
        other = conditional_mean(
            fitted(), trial(), reference="PLACEBO", strategy=word, formula="arm + basval + gender",
            standard_error="jackknife",
        )  # fmt: skip
        mine, rubin = (one.differences().only(visit="7").frame["std_error"].iloc[0] for one in (other, under(word)))
        assert mine < 0.93 * rubin


@cache
def acupuncture() -> ConditionalMean:
    """Headache scores at 3 and 12 months, of 401 participants (Vickers et al., BMJ 2004, 328:744)."""
    people = pd.read_csv(DATA / "acupuncture_headache_bmj2004" / "acupuncture.csv", encoding="utf-8-sig")
    covariates = ["id", "age", "sex", "migraine", "chronicity", "group", "pk1"]
    rows = people.melt(id_vars=covariates, value_vars=["pk2", "pk5"], var_name="visit", value_name="score")
    rows = rows.assign(
        score=pd.to_numeric(rows["score"], errors="coerce"),
        arm=pd.Categorical(np.where(rows["group"] == 1, "acupuncture", "control"), ["control", "acupuncture"]),
        visit=pd.Categorical(rows["visit"].map({"pk2": "month_3", "pk5": "month_12"}), ["month_3", "month_12"]),
    )
    formula = "score ~ pk1 * visit + arm * visit + age + sex + migraine + chronicity"
    fit = fit_mmrm(formula, rows, participant="id")
    return conditional_mean(fit, rows, reference="control")


def test_the_effect_of_acupuncture_is_there_under_every_strategy_and_tips_late() -> None:
    """The trial found a difference of 4.6 (2.2 to 7.0) at 12 months; every strategy takes some of it away."""
    last = {}
    for word in ("mar", "cir", "cr", "j2r"):
        found = acupuncture().under(word)
        last[word] = found.differences().only(visit="month_12").frame.iloc[0]
        assert last[word]["conf_high"] < 0
        tip = tipping_point(found, "acupuncture")
        assert tip.significant
        assert tip.shift > 5
    estimates = [float(row["estimate"]) for row in last.values()]
    assert estimates == sorted(estimates)
    assert estimates[0] == pytest.approx(-4.6, abs=0.2)
