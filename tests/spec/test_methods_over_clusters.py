"""`cluster` of `model: logistic` and `model: counts` in a plan: by hand, by estimating equations, few, and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.errors import FewClustersError, OptionError
from coxa.estimates import marginal_effects, model_rates, standardised_risks
from coxa.models import fit_gee, fit_glm
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.spec.binary_counts_trial import PLAN, plan, tables
from tests.spec.test_methods_logistic import rows, run

OVER = {"cluster": "site_id", "subgroups": []}


def of_clinics(outcome: str, each: int = 8) -> pd.DataFrame:
    """Return the rows with clinics that have one arm each, as a cluster trial has."""
    frame = rows(outcome)
    place = np.arange(len(frame))
    return frame.assign(site_id=[f"C{2 * (k // 2 % each) + k % 2:02d}" for k in place])


def study(name: str, **options: Any) -> ComparativeStudy:
    found = plan(**{name: {**OVER, **options}})
    assert isinstance(found, ComparativeStudy)
    return found


def same(found: pd.DataFrame, by_hand: pd.DataFrame, terms: tuple[str, ...]) -> None:
    for term in terms:
        mine, expected = (each[each["term"] == term].iloc[0] for each in (found, by_hand))
        for column in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
            assert mine[column] == pytest.approx(expected[column], rel=1e-12)


def test_risks_have_standard_errors_over_clinics() -> None:
    frame = of_clinics("fell")
    (fit,), found = run(study("falls"), "falls", frame)
    hand = fit_glm("value ~ arm + age", frame, vcov="CR2", cluster="site_id")
    same(
        found,
        standardised_risks(hand, frame, variance="ge").frame,
        ("risk_difference", "risk_ratio", "odds_ratio"),
    )
    again = eval(fit.spec.call(), {"fit_glm": fit_glm, "data": frame})
    assert again.bse.to_numpy() == pytest.approx(hand.bse.to_numpy(), rel=1e-12)
    assert "over 16 clusters" in fit.method
    seen = found[found["term"] == "risk"]
    assert seen["conf_low"].isna().all()
    assert not seen["method"].str.contains("limits").any()


def test_they_are_those_of_estimating_equations_without_a_working_correlation() -> None:
    """A second engine: GEE with independence and Kauermann and Carroll's correction is the same sandwich."""
    frame = of_clinics("fell").dropna(subset=["value"])
    glm = standardised_risks(fit_glm("value ~ arm + age", frame, vcov="CR2", cluster="site_id"), frame, variance="ge")
    gee = marginal_effects(
        fit_gee("value ~ arm + age", frame, cluster="site_id", working="independence", vcov="KC"), by=None
    )
    for term in ("risk_difference", "risk_ratio", "odds_ratio"):
        one, two = (each.frame.query(f"term == '{term}'").iloc[0] for each in (glm, gee))
        assert (one["estimate"], one["std_error"]) == pytest.approx((two["estimate"], two["std_error"]), rel=1e-3)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_rates_have_standard_errors_over_clinics(family: Any) -> None:
    frame = of_clinics("flares")
    (fit,), found = run(study("flares", family=family), "flares", frame)
    hand = fit_glm("value ~ arm + age", frame, family=family, vcov="CR2", cluster="site_id", exposure="exposure")
    same(found, model_rates(hand, averaging="counterfactual").frame, ("rate_ratio", "rate_difference"))
    again = eval(fit.spec.call(), {"fit_glm": fit_glm, "data": frame})
    assert again.bse.to_numpy() == pytest.approx(hand.bse.to_numpy(), rel=1e-12)
    assert found.loc[found["term"] == "rate", "conf_low"].isna().all()


def test_few_clinics_stop_a_primary_analysis_unless_the_plan_accepts_them() -> None:
    frame = of_clinics("fell", each=2)
    with pytest.raises(FewClustersError, match="needs at least 4 degrees of freedom"):
        run(study("falls"), "falls", frame)
    _, found = run(study("falls", few_clusters="accept"), "falls", frame)
    assert "too few levels of" in found.loc[found["term"] == "risk_difference", "warning"].item()


def test_a_variance_of_independent_participants_is_refused() -> None:
    frame = of_clinics("fell")
    fit = fit_glm("value ~ arm + age", frame, vcov="CR2", cluster="site_id")
    with pytest.raises(OptionError, match="takes rows as independent"):
        standardised_risks(fit, frame)
    with pytest.raises(ValidationError, match="leave one of"):
        study("falls", variance="ye")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"family": "quasi-poisson"}, "`cluster` belongs to"),
        ({"family": "poisson", "vcov": "HC3"}, "leave `vcov` and"),
        ({"adjust": ["sex"], "cluster": "sex"}, "also in `adjust`"),
    ],
)
def test_options_that_do_not_go_with_clusters_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        study("flares", **options)


def clustered_trial() -> Any:
    both = {name: {**PLAN["analyses"][name], **OVER} for name in ("falls", "flares")}
    estimands = {name: PLAN["estimands"][name] for name in both}
    design = {"design": "cluster", "randomisation": {"scheme": "simple", "cluster": "site_id"}}
    given = {**PLAN, **design, "analyses": both, "estimands": estimands}
    own = tables()
    place = np.arange(len(own["participants"]))
    people = own["participants"].assign(site_id=[f"C{2 * (k // 2 % 8) + k % 2:02d}" for k in place])
    return coxa.analyse(coxa.read_cohort(study_of(given), own | {"participants": people}).require_clean())


def test_the_report_says_what_standard_errors_are_over() -> None:
    report = clustered_trial()
    for name, first in (("falls", "differences and ratios of these risks"), ("flares", "their ratios and differences")):
        said = str(analysis_methods(report, report.study.planned(name)))
        assert f"{first} have standard errors by the delta method" in said
        assert "corrected for their number" in said
        assert "tests by Satterthwaite's degrees of freedom" in said


def test_a_check_speaks_of_clusters_not_of_random_effects() -> None:
    own = tables()
    bare = own["participants"].assign(site_id=own["participants"]["arm"].map({"exercise": "C1"}))
    cohort = coxa.read_cohort(study("falls"), own | {"participants": bare})
    (found,) = [item for item in cohort.findings if item.field == "site_id" and item.severity == "error"]
    assert found.rule == "no participant in usual has a site_id, which is the cluster of an analysis"
    assert "random" not in found.rule + found.remedy
