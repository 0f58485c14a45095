"""The probability of being a responder from the model of the outcome: closed forms, draws, gradients, refusals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa import fit_mmrm
from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates, numbers_needed, responder_by_model
from coxa.models import Fit, fit_ancova, fit_clda, fit_lmm
from coxa.models.covariance import structure_named
from coxa.models.results.joint import joint
from coxa.models.results.rebuilt import rebuilt
from tests.reference.tolerances import CLOSED_FORM, FINITE_DIFFERENCE

VISITS = ("week_6", "week_12")
FORMULA = "change ~ baseline + arm * visit"


def trial(n: int = 60, seed: int = 3) -> pd.DataFrame:
    """Return two visits of n participants, the second missing for every fifth."""
    rng = np.random.default_rng(seed)
    baseline = rng.normal(50, 10, n)
    arm = np.tile(["usual_care", "exercise"], n // 2)
    shared = rng.normal(0, 8, n)
    rows = [
        pd.DataFrame(
            {
                "participant_id": range(n),
                "arm": pd.Categorical(arm, ["usual_care", "exercise"]),
                "baseline": baseline,
                "visit": visit,
                "change": 4 + 3 * k + 5 * (arm == "exercise") - 0.3 * (baseline - 50) + shared + rng.normal(0, 6, n),
            }
        )
        for k, visit in enumerate(VISITS)
    ]
    rows[1] = rows[1][np.arange(n) % 5 > 0]
    both = pd.concat(rows, ignore_index=True)
    return both.assign(value=both["baseline"] + both["change"], visit=pd.Categorical(both["visit"], VISITS))


@cache
def fitted(formula: str = FORMULA, **options: object) -> Fit:
    return fit_mmrm(formula, trial(), **options)  # type: ignore[arg-type]


def numbers(estimates: Estimates) -> np.ndarray:
    return estimates.frame[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy()


def test_without_covariates_it_is_the_normal_probability_of_the_mean_over_the_sd() -> None:
    values = np.array([1.0, 5, 9, 5, 8, 12, 16, 12])
    d = pd.DataFrame({"participant_id": range(8), "arm": list("aaaabbbb"), "change": values})
    found = responder_by_model(fit_ancova("change ~ arm", d), 10, higher_is_better=True)
    risk, n, df = found.only(term="risk").frame, 4, 6
    sd = np.sqrt((values[:4].var(ddof=1) + values[4:].var(ddof=1)) / 2)
    z = (np.array([5.0, 12.0]) - 10) / sd
    assert risk["estimate"].to_numpy() == pytest.approx(stats.norm.cdf(z), rel=CLOSED_FORM)
    # var(mean) = sd^2 / n and var(log sd) = 1 / (2 df), both over the slope of z
    error = stats.norm.pdf(z) * np.sqrt(1 / n + z**2 / (2 * df))
    assert risk["std_error"].to_numpy() == pytest.approx(error, rel=CLOSED_FORM)
    assert risk["df"].tolist() == [df, df]
    density = stats.norm.pdf(z)
    both = density @ density / n + np.subtract(*(density * z)) ** 2 / (2 * df)
    row = found.only(term="risk_difference").frame.iloc[0]
    assert row["std_error"] == pytest.approx(np.sqrt(both), rel=CLOSED_FORM)


@pytest.mark.parametrize("measure", ["change", "value", "percent_change"])
def test_it_is_the_share_of_draws_from_the_fitted_normal_that_reach_the_threshold(measure: str) -> None:
    fit, threshold = fitted(), {"change": 8.0, "value": 60.0, "percent_change": 15.0}[measure]
    people = trial().drop_duplicates("participant_id")
    rng, sd = np.random.default_rng(1), np.sqrt(fit.covariance.loc["week_12", "week_12"])
    found = responder_by_model(fit, threshold, higher_is_better=True, measure=measure, visits=["week_12"])  # type: ignore[arg-type]
    for arm in ("usual_care", "exercise"):
        mean = fit.predict(people.assign(arm=arm, visit="week_12"))["estimate"].to_numpy()
        change = mean + sd * rng.normal(size=(20_000, len(mean)))
        baseline = people["baseline"].to_numpy()
        drawn = {"change": change, "value": baseline + change, "percent_change": 100 * change / baseline}[measure]
        share = (drawn >= threshold).mean()
        estimate = found.only(term="risk", arm=arm).frame["estimate"][0]
        assert estimate == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / drawn.size))


def test_a_model_of_the_value_gives_the_same_as_one_of_its_change() -> None:
    of_value = fit_mmrm("value ~ baseline + arm * visit", trial())
    for measure, threshold in (("change", 8), ("value", 60), ("percent_change", 15)):
        by_change, by_value = (
            responder_by_model(fit, threshold, higher_is_better=True, measure=measure, response=response)  # type: ignore[arg-type]
            for fit, response in ((fitted(), "change"), (of_value, "value"))
        )
        assert numbers(by_value) == pytest.approx(numbers(by_change), rel=1e-7)


def test_the_mirror_of_an_outcome_has_the_same_responders_in_the_other_direction() -> None:
    mirrored = fit_mmrm(FORMULA, trial().assign(change=lambda d: -d["change"]))
    one = responder_by_model(fitted(), 8, higher_is_better=True)
    other = responder_by_model(mirrored, 8, higher_is_better=False)
    assert numbers(other) == pytest.approx(numbers(one), rel=1e-7)
    less = responder_by_model(fitted(), 8, higher_is_better=False).only(term="risk").frame["estimate"]
    assert (less < one.only(term="risk").frame["estimate"]).all()


def by_hand(fit: Fit, beta: np.ndarray, theta: np.ndarray) -> tuple[float, float]:
    """Return the full log-likelihood, and the probability in exercise at week 12 of an improvement of 8."""
    matrix = structure_named("us").matrix(theta, np.arange(2.0))
    loglik = 0.0
    for who in np.unique(fit.sample.participant):
        mine = fit.sample.participant == who
        seen = [VISITS.index(visit) for visit in fit.sample.visit[mine]]
        mean = fit.design.x[mine] @ beta
        loglik += stats.multivariate_normal.logpdf(fit.design.y[mine], mean, matrix[np.ix_(seen, seen)])
    people = trial().drop_duplicates("participant_id").assign(arm="exercise", visit="week_12")
    z = (fit.design.rows(people) @ beta - 8) / np.sqrt(matrix[1, 1])
    return loglik, float(stats.norm.cdf(z).mean())


def test_the_standard_error_is_by_the_whole_information_and_a_numerical_gradient() -> None:
    """Full likelihood, of which all second derivatives are taken numerically, coefficients and covariance together."""
    fit = fitted(reml=False)
    beta, theta = fit.params.to_numpy(), rebuilt(fit).theta
    at, p = np.concatenate([beta, theta]), len(beta)
    steps = np.diag(1e-4 * np.maximum(1, np.abs(at)))

    def value(x: np.ndarray) -> tuple[float, float]:
        return by_hand(fit, x[:p], x[p:])

    information = np.array(
        [
            [
                -(value(at + a + b)[0] - value(at + a - b)[0] - value(at - a + b)[0] + value(at - a - b)[0])
                / (4 * a.sum() * b.sum())
                for b in steps
            ]
            for a in steps
        ]
    )
    whole = np.linalg.inv(information)
    scale = np.sqrt(np.outer(np.diag(whole), np.diag(whole)))
    assert joint(fit).covariance / scale == pytest.approx(whole / scale, abs=20 * FINITE_DIFFERENCE)
    gradient = np.array([(value(at + a)[1] - value(at - a)[1]) / (2 * a.sum()) for a in steps])
    row = responder_by_model(fit, 8, higher_is_better=True, visits=["week_12"], covariates="given")
    row = row.only(term="risk", arm="exercise").frame.iloc[0]
    assert row["estimate"] == pytest.approx(value(at)[1], rel=CLOSED_FORM)
    assert row["std_error"] == pytest.approx(np.sqrt(gradient @ whole @ gradient), rel=20 * FINITE_DIFFERENCE)


def test_drawn_covariates_add_the_spread_of_the_participants_probabilities() -> None:
    drawn, given = (
        responder_by_model(fitted(), 8, higher_is_better=True, covariates=how).only(term="risk").frame["std_error"]  # type: ignore[arg-type]
        for how in ("drawn", "given")
    )
    people = trial().drop_duplicates("participant_id").assign(arm="usual_care", visit="week_6")
    mean = fitted().predict(people)["estimate"].to_numpy()
    each = stats.norm.cdf((mean - 8) / np.sqrt(fitted().covariance.loc["week_6", "week_6"]))
    assert drawn[0] ** 2 - given[0] ** 2 == pytest.approx(each.var(ddof=1) / len(each), rel=1e-8)


def test_a_covariance_for_each_arm_gives_each_arm_its_own_spread() -> None:
    fit = fitted(group="arm")
    rows = responder_by_model(fit, 8, higher_is_better=True, visits=["week_6"]).only(term="risk").frame
    people = trial().drop_duplicates("participant_id")
    for arm, estimate in zip(rows["arm"], rows["estimate"], strict=True):
        mean = fit.predict(people.assign(arm=arm, visit="week_6"))["estimate"].to_numpy()
        sd = np.sqrt(fit.covariance.loc[arm].loc["week_6", "week_6"])
        assert estimate == pytest.approx(stats.norm.cdf((mean - 8) / sd).mean(), rel=CLOSED_FORM)


def test_a_covariance_for_groups_of_participants_is_their_own_in_every_arm() -> None:
    data = trial().assign(site=lambda d: np.where(d["participant_id"] % 3 > 0, "north", "south"))
    fit = fit_mmrm(FORMULA, data, group="site")
    rows = responder_by_model(fit, 8, higher_is_better=True, visits=["week_6"]).only(term="risk").frame
    people = data.drop_duplicates("participant_id")
    sd = np.sqrt([fit.covariance.loc[site].loc["week_6", "week_6"] for site in people["site"]])
    mean = fit.predict(people.assign(arm="exercise", visit="week_6"))["estimate"].to_numpy()
    assert rows["estimate"][1] == pytest.approx(stats.norm.cdf((mean - 8) / sd).mean(), rel=CLOSED_FORM)


def test_with_the_baseline_as_outcome_a_change_is_of_two_outcomes() -> None:
    fit = fit_clda(trial())
    found = responder_by_model(fit, 8, higher_is_better=True, visits=["week_12"])
    r = fit.covariance
    spread = r.loc["week_12", "week_12"] + r.loc["baseline", "baseline"] - 2 * r.loc["week_12", "baseline"]
    mean = fit.params["visit[week_12]"] + fit.params["arm[exercise]:visit[week_12]"]
    estimate = found.only(term="risk", arm="exercise").frame["estimate"][0]
    assert estimate == pytest.approx(stats.norm.cdf((mean - 8) / np.sqrt(spread)), rel=CLOSED_FORM)
    value = responder_by_model(fit, 60, higher_is_better=True, measure="value", visits=["week_12"])
    mean += fit.params["Intercept"]
    estimate = value.only(term="risk", arm="exercise").frame["estimate"][0]
    assert estimate == pytest.approx(stats.norm.cdf((mean - 60) / np.sqrt(r.loc["week_12", "week_12"])), rel=1e-9)


@pytest.mark.parametrize("options", [{"ddf": "kenward-roger"}, {"vcov": "CR2"}, {"covariance": "ar1h"}])
def test_other_inference_and_structures_are_near(options: dict) -> None:
    plain = numbers(responder_by_model(fitted(), 8, higher_is_better=True))[:, :2]
    found = numbers(responder_by_model(fitted(**options), 8, higher_is_better=True))[:, :2]
    assert found == pytest.approx(plain, rel=0.1)


def test_the_number_needed_is_that_of_the_difference() -> None:
    found = responder_by_model(fitted(), 8, higher_is_better=True)
    needed = numbers_needed(found)
    rows = found.only(term="risk_difference").frame
    assert needed["visit"].tolist() == list(VISITS)
    assert needed["estimate"].to_numpy() == pytest.approx(1 / rows["estimate"].abs().to_numpy())
    with pytest.raises(OptionError, match="no risk difference"):
        numbers_needed(found.only(term="risk"))


def test_what_cannot_be_is_refused_by_name() -> None:
    def refused(fit: Fit, match: str, threshold: float = 8, **options: object) -> None:
        with pytest.raises((OptionError, FitError), match=match):
            responder_by_model(fit, threshold, **{"higher_is_better": True, **options})  # type: ignore[arg-type]

    refused(fitted(), "above 0 in either direction", threshold=-8, higher_is_better=False)
    refused(fitted(), '"week_9"', visits=["week_9"])
    refused(fitted(), "`against`", against="placebo")
    refused(fitted(), "`measure`", measure="percent")
    refused(fitted(), "`covariates`", covariates="random")
    refused(fitted("change ~ arm * visit"), "needs each participant's baseline", measure="value", threshold=60)
    refused(fitted(), "is a number in the model", over="baseline")
    weighted = fit_mmrm(FORMULA, trial().assign(w=1.5), weights="w")
    refused(weighted, "weights of rows")
    refused(fit_lmm("change ~ arm * visit + (1 | participant_id)", trial()), "random effects")
    below = fit_mmrm(FORMULA, trial().assign(baseline=lambda d: d["baseline"] - 50))
    refused(below, "not above 0", measure="percent_change")
