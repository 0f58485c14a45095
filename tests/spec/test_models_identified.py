"""What the data do not identify is refused by name, whatever the search comes to; what they identify is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError, NonConvergenceError
from coxa.estimates import contrasts
from coxa.models import fit_ancova, fit_batch, fit_lmm, fit_mmrm, fit_trials
from coxa.models.covariance import STRUCTURES
from coxa.models.numerics.marginal_fit import fit_sums
from coxa.models.numerics.pattern_sums import pattern_sums, stack
from coxa.models.numerics.reml import in_participants, one_participant

FORMULA = "y ~ baseline + arm * visit"


def drawn(seed: int, people: int = 24) -> pd.DataFrame:
    """Return people in two arms seen at three visits, with a baseline."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), 3)
    data = pd.DataFrame({"participant_id": who, "visit": ["w1", "w2", "w3"] * people})
    data["arm"] = np.array(["usual", "exercise"])[who % 2]
    data["baseline"] = rng.normal(50, 10, people)[who]
    data["y"] = rng.normal(0, 5, people)[who] - 0.2 * data["baseline"] + rng.normal(0, 4, 3 * people)
    return data


def left_at_the_last(data: pd.DataFrame, per_arm: int) -> pd.DataFrame:
    """Return the rows with a few participants of each arm at the last visit."""
    return data[(data["visit"] != "w3") | (data["participant_id"] < 2 * per_arm)]


def never_together(data: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return the rows with half of the participants at one visit, and the other half at another."""
    half = data["participant_id"] % 4 < 2
    return data[~((data["visit"] == first) & half) & ~((data["visit"] == second) & ~half)]


REFUSED = {
    "us": "sd[w3], correlation[w1, w3], correlation[w2, w3]",
    "toep": "correlation[lag 2]",
    "toeph": "sd[w3], correlation[lag 2]",
    "csh": "sd[w3]",
    "ar1h": "sd[w3]",
    "ad": "correlation[w2, w3]",
    "adh": "sd[w3], correlation[w2, w3]",
}


@pytest.mark.parametrize("covariance", REFUSED)
@pytest.mark.parametrize("seed", range(6))
def test_one_participant_of_each_arm_at_a_visit_says_nothing_of_its_covariance(covariance: str, seed: int) -> None:
    """The formula fits both values exactly, so that nothing of the visit is left."""
    with pytest.raises(NonConvergenceError) as raised:
        fit_mmrm(FORMULA, left_at_the_last(drawn(seed), 1), covariance=covariance)
    assert f"{covariance} from any start: the data do not identify {REFUSED[covariance]}.\n" in str(raised.value)
    assert "1. The fixed effects fit every value at visit 'w3' exactly" in str(raised.value)


@pytest.mark.parametrize("covariance", ["cs", "ar1"])
def test_structures_that_the_other_visits_identify_are_fitted(covariance: str) -> None:
    fit = fit_mmrm(FORMULA, left_at_the_last(drawn(0), 1), covariance=covariance)
    assert not fit.warnings


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_the_ladder_goes_on_past_what_is_not_identified(ddf: str) -> None:
    data = left_at_the_last(drawn(3), 1)
    fit = fit_mmrm(FORMULA, data, covariance=["us", "toep", "cs"], ddf=ddf)
    assert fit.structure == "cs"
    assert fit.loglik == pytest.approx(fit_mmrm(FORMULA, data, covariance="cs").loglik)
    assert "toep covariance could not be fitted (the data do not identify correlation[lag 2])" in fit.warnings[0]


@pytest.mark.parametrize(("covariance", "name"), [("us", "correlation[w1, w3]"), ("toep", "correlation[lag 2]")])
@pytest.mark.parametrize("reml", [True, False])
def test_visits_that_no_participant_has_both_of(covariance: str, name: str, reml: bool) -> None:
    for seed in range(3):
        with pytest.raises(NonConvergenceError) as raised:
            fit_mmrm(FORMULA, never_together(drawn(seed), "w1", "w3"), covariance=covariance, reml=reml)
        assert f"the data do not identify {name}.\n" in str(raised.value)


def test_one_visit_for_each_participant_says_nothing_of_any_correlation() -> None:
    data = drawn(1)
    data = data[data["visit"] == "w" + (data["participant_id"] // 2 % 3 + 1).astype(str)]
    for covariance in ("us", "cs", "ar1", "toep", "adh"):
        with pytest.raises(NonConvergenceError, match="the data do not identify correlation"):
            fit_mmrm(FORMULA, data, covariance=covariance)


def test_a_group_in_which_nothing_is_left_is_named() -> None:
    data = drawn(2)
    data = data[(data["visit"] != "w3") | (data["arm"] == "usual") | (data["participant_id"] == 1)]
    with pytest.raises(NonConvergenceError, match=r"do not identify sd\[w3\] of group 1"):
        fit_mmrm(FORMULA, data, covariance="csh", group="arm")


@pytest.mark.parametrize("covariance", [name for name, structure in STRUCTURES.items() if not structure.spatial])
def test_what_is_identified_is_fitted_without_a_word(covariance: str) -> None:
    for seed in range(4):
        assert not fit_mmrm(FORMULA, left_at_the_last(drawn(seed, 40), 9), covariance=covariance).warnings


def test_many_outcomes_and_many_trials_of_a_flat_design_are_not_numbers() -> None:
    data = left_at_the_last(drawn(0), 1)
    outcomes = np.random.default_rng(1).normal(size=(40, len(data)))
    assert not fit_batch(FORMULA, data, outcomes, [{"Intercept": 1}], covariance="toep").converged.any()
    trials = pd.concat([left_at_the_last(drawn(seed), 1).assign(trial=seed) for seed in range(20)])
    assert not fit_trials(FORMULA, trials, [{"Intercept": 1}], covariance="toep").converged.any()


def two_with_both_ends(seed: int) -> pd.DataFrame:
    """Return data in which two participants have both ends, which leave the optimum hardly any curvature."""
    data = drawn(seed)
    few = pd.concat([never_together(data, "w1", "w3"), data[data["participant_id"] < 2]])
    return few.drop_duplicates(["participant_id", "visit"])


def test_a_direction_known_from_less_than_one_participant_is_warned_about() -> None:
    *_, warned = fit_mmrm(FORMULA, two_with_both_ends(1), covariance="toep").warnings
    assert warned.startswith(
        "the data say less of correlation[lag 2] than one participant seen at every visit would (0.8"
    )


def test_an_adjusted_variance_below_zero_is_no_standard_error() -> None:
    fit = fit_mmrm(FORMULA, two_with_both_ends(10), covariance="toeph", ddf="kenward-roger")
    with pytest.raises(FitError, match=r"'kenward-roger' adjusts a variance to -\d+: the data say too little of the"):
        contrasts(fit, "arm", against="usual")
    with pytest.raises(FitError, match="Use ddf='satterthwaite'"):
        _ = fit.std_error


# -- the measure itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance", ["us", "toeph", "csh", "ar1", "adh"])
def test_complete_data_are_known_from_as_many_participants_as_the_mean_leaves(covariance: str) -> None:
    """With a mean for each visit, n participants leave n - 1 of each direction in expectation; us has them exactly."""
    rng = np.random.default_rng(4)
    n, m = 30, 3
    who, when = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    y = rng.normal(size=n)[who] + rng.normal(size=n * m)
    sums = stack(pattern_sums(who, when, np.eye(m)[when], y), m)
    fitted, _ = fit_sums(sums, STRUCTURES[covariance])
    assert fitted is not None
    values, _ = in_participants(fitted.derivatives.hessian, one_participant(sums, STRUCTURES[covariance], fitted.theta))
    assert fitted.known_from == values[0]
    if covariance == "us":
        np.testing.assert_allclose(values, n - 1, rtol=1e-8)
    else:
        assert 0.5 * n < values[0] < n


# -- no variance at all ------------------------------------------------------------------------------------------------


def perfect() -> pd.DataFrame:
    """Return data whose outcome is 2 for one arm plus the number of the visit."""
    data = drawn(1).assign(week=lambda frame: frame["visit"].str[1:].astype(int))
    return data.assign(y=2.0 * (data["arm"] == "exercise") + data["week"], clinic=data["participant_id"] % 5)


def test_a_perfect_fit_is_refused() -> None:
    data = perfect()
    with pytest.raises(
        FitError, match="The fixed effects explain the outcome completely, so that there is no variance"
    ):
        fit_mmrm(FORMULA, data)
    with pytest.raises(FitError, match="The fixed effects explain the outcome completely"):
        fit_mmrm(FORMULA, [data.iloc[:36], data.iloc[36:]])
    with pytest.raises(FitError, match="The fixed effects explain the outcome completely"):
        fit_mmrm(f"{FORMULA} + (1 | clinic)", data)
    with pytest.raises(FitError, match="The fixed effects explain the outcome completely"):
        fit_lmm("y ~ arm + week + (1 | participant_id)", data)
    with pytest.raises(FitError, match="The fixed effects explain the outcome completely"):
        fit_ancova("y ~ arm + baseline", data, at_visit="w2")
    outcomes = np.vstack([np.random.default_rng(1).normal(size=len(data)), data["y"]])
    with pytest.raises(FitError, match="The fixed effects explain outcome 1 completely"):
        fit_batch(FORMULA, data, outcomes, [{"Intercept": 1}])


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_a_small_residual_in_any_unit_is_no_perfect_fit(size: float) -> None:
    data = drawn(2).assign(y=lambda frame: size * (1e6 + frame["y"]))
    assert fit_mmrm(FORMULA, data).loglik == fit_mmrm(FORMULA, data).loglik
    assert (fit_mmrm(FORMULA, data).std_error > 0).all()
