"""One analysis of a plan on drawn rows: which model is fitted, and which numbers come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.estimates import contrasts, marginal_means
from coxa.estimates.margins import is_shown
from coxa.models import fit_ancova, fit_mmrm
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from coxa.study import Study
from tests.spec.power_plan import MMRM, power_plan


def rows_of(study: Study, seed: int = 1) -> SimulatedRows:
    """Return the rows of a drawn trial of the plan, for its estimand `primary`."""
    design = trial_design(study)
    return SimulatedRows(estimand_frame(design, draw_outcomes(design, seed=seed), "primary"), "change")


def numbers(analysis: dict[str, Any]) -> pd.DataFrame:
    study = power_plan({"a": {**MMRM, "covariance": "us", **analysis}})
    return run_analysis(study, "a", study.analyses["a"], rows_of(study))[1].frame


def test_holm_goes_over_the_tests_against_a_margin_as_a_family_of_their_own() -> None:
    """Four of each: two arms at two visits. The smallest p-value is multiplied by four, and the verdict follows."""
    margin = {"margin": {"type": "noninferiority", "value": 3}}
    plain, holm = (numbers({**margin, "multiplicity": method}) for method in ("none", "holm"))
    for term, visits in (("difference", ["w12", "w26"]), ("noninferiority", ["w12", "w26"])):
        mine = (plain["term"] == term) & plain["visit"].isin(visits)
        assert mine.sum() == 4
        assert holm.loc[mine, "p_value"].min() == pytest.approx(4 * plain.loc[mine, "p_value"].min())
        assert holm.loc[mine, "method"].str.contains("p by holm over 4").all()
        assert holm.loc[mine, "warning"].str.contains("limits not adjusted").all()
    tested = holm[holm["term"] == "noninferiority"]
    verdicts = tested["method"].str.startswith("noninferiority, shown: ").to_list()
    assert verdicts == [is_shown(row) for row in tested.to_dict("records")]


@pytest.mark.parametrize("method", ["dunnett", "tukey"])
def test_dunnett_and_tukey_widen_the_limits_of_the_tests_against_a_margin(method: str) -> None:
    margin = {"margin": {"type": "equivalence", "value": 6}}
    plain, wide = (
        numbers({**margin, "multiplicity": name}).query("term == 'equivalence'") for name in ("none", method)
    )
    assert (wide["conf_low"].to_numpy() < plain["conf_low"].to_numpy()).all()
    assert (wide["p_value"].to_numpy() >= plain["p_value"].to_numpy()).all()
    assert wide["method"].str.contains(f"p and limits by {method.capitalize()}").all()


@pytest.mark.parametrize("method", ["none", "dunnett", "tukey"])
def test_hedges_g_leaves_out_zero_where_the_difference_does(method: str) -> None:
    """For each comparison of the plan, all pairs of Tukey's too."""
    found = numbers({"standardised_effect": True, "multiplicity": method})
    keys = ["arm", "reference", "visit"]
    both = found.query("term == 'standardised_difference'").merge(
        found.query("term == 'difference'"), on=keys, suffixes=("", "_of_difference"), validate="1:1"
    )
    assert len(both) == (found["term"] == "difference").sum()
    np.testing.assert_array_equal(both["conf_low"] > 0, both["conf_low_of_difference"] > 0)
    np.testing.assert_array_equal(both["conf_high"] < 0, both["conf_high_of_difference"] < 0)
    assert both["method"].str.startswith("Hedges' g: difference over the model's SD at the visit").all()


def test_a_model_of_one_visit_has_means_and_differences_without_by() -> None:
    """In Python too: a repeated-measures model of one visit is an analysis of covariance."""
    rows = rows_of(power_plan({"a": MMRM})).analysed.query("visit == 'w12'")
    fit = fit_mmrm("change ~ baseline + arm", rows)
    ancova = fit_ancova("change ~ baseline + arm", rows, at_visit="w12")
    columns = ["arm", "visit", "estimate", "std_error", "n_observations"]
    for verb in (contrasts, marginal_means):
        pd.testing.assert_frame_equal(verb(fit).frame[columns], verb(ancova).frame[columns], rtol=1e-8)
