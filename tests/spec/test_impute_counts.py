"""Counts imputed from a negative binomial model, given the events that were seen."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates import Estimates, model_rates
from coxa.impute import analyse_each, impute_counts, pool_imputations
from coxa.impute.counts import CountStrategy, more_events
from coxa.models import GLMFit, fit_glm
from tests.sizes import few

RATES = {"usual": 2.0, "exercise": 1.0}


def falls(n: int = 400, seed: int = 1) -> pd.DataFrame:
    """Draw a trial of falls in a year: a third leaves at random, in the middle on average."""
    rng = np.random.default_rng(seed)
    arm = np.where(np.arange(n) % 2, "exercise", "usual")
    seen = np.where(rng.random(n) < 0.35, rng.uniform(0.1, 0.9, n), 1.0)
    own = rng.gamma(1 / 0.7, 0.7, n) * np.array([RATES[a] for a in arm])
    return pd.DataFrame(
        {
            "participant_id": range(n),
            "arm": pd.Categorical(arm, ["usual", "exercise"]),
            "seen": seen,
            "year": 1.0,
            "falls": rng.poisson(own * seen),
        }
    )


def fitted(data: pd.DataFrame) -> GLMFit:
    return fit_glm("falls ~ arm", data, family="negative_binomial", exposure="seen")


def rates(data: pd.DataFrame) -> Estimates:
    return model_rates(fitted(data), against="usual")


@pytest.mark.parametrize(
    ("count", "before", "after", "alpha"), [(3, 1.2, 0.8, 0.7), (0, 2.0, 1.5, 1.5), (4, 1.0, 2.0, 0.0)]
)
def test_events_not_seen_are_negative_binomial_given_those_seen(
    count: int, before: float, after: float, alpha: float
) -> None:
    """Size 1/alpha + y, mean mu_2 (1/alpha + y) / (1/alpha + mu_1); Poisson without dispersion: a chi-square test."""
    size = 40_000
    drawn = more_events(
        np.array([count]), np.full((size, 1), before), np.full((size, 1), after), np.full((size, 1), alpha),
        np.random.default_rng(2),
    ).ravel()  # fmt: skip
    values = np.arange(6)
    if alpha:
        shape = 1 / alpha + count
        mean = after * shape / (1 / alpha + before)
        chance = stats.nbinom.pmf(values, shape, shape / (shape + mean))
    else:
        chance = stats.poisson.pmf(values, after)
    observed = np.append([(drawn == k).sum() for k in values], (drawn > 5).sum())
    assert stats.chisquare(observed, size * np.append(chance, 1 - chance.sum())).pvalue > 1e-3


def test_what_was_seen_is_part_of_what_is_imputed() -> None:
    d = falls()
    imputed = impute_counts(fitted(d), d, "year", reference="usual", draws=60)
    for block in imputed.blocks():
        assert (block >= d["falls"].to_numpy()).all()
        assert (block[:, d["seen"] == 1] == d.loc[d["seen"] == 1, "falls"].to_numpy()).all()
    frame = next(imputed.frames())
    assert (frame["seen"] == 1).all()
    assert frame["imputed"].sum() == (d["seen"] < 1).sum()


def test_missing_at_random_it_is_the_model_with_its_exposure() -> None:
    """What multiple imputation adds to the negative binomial likelihood is noise: rates, ratio and errors agree."""
    d = falls(600)
    fit = fitted(d)
    imputed = impute_counts(fit, d, "year", reference="usual", draws=few(60, 500))
    pooled = pool_imputations(analyse_each(imputed, rates))
    direct = model_rates(fit, against="usual").frame
    for term in ("rate_ratio", "rate_difference"):
        row = pooled.table[pooled.table["term"] == term].iloc[0]
        expected = direct[direct["term"] == term].iloc[0]
        scale = np.log if term == "rate_ratio" else float
        assert abs(scale(row["estimate"]) - scale(expected["estimate"])) < 0.2 * expected["std_error"]
        assert row["std_error"] == pytest.approx(expected["std_error"], rel=0.12)


def test_strategies_take_away_what_they_say() -> None:
    """Expected events of the time not seen, at given parameters: of those who left, at rates of either arm."""
    d = falls(2000, seed=3)
    fit = fitted(d)
    total = {}
    for word in get_args(CountStrategy):
        imputed = impute_counts(fit, d, "year", reference="usual", strategy=word, draws=100, seed=4)
        total[word] = np.mean([block.mean(axis=0) for block in imputed.blocks()], axis=0)
    more = {word: values - d["falls"].to_numpy() for word, values in total.items()}
    exercise = (d["arm"] == "exercise").to_numpy() & (d["seen"] < 1).to_numpy()
    usual = (d["arm"] == "usual").to_numpy()
    ratio = 1 / float(np.exp(fit.params["arm[exercise]"]))
    assert more["j2r"][exercise].sum() == pytest.approx(ratio * more["mar"][exercise].sum(), rel=0.06)
    assert more["mar"][exercise].sum() < more["cr"][exercise].sum() < more["j2r"][exercise].sum()
    assert more["j2r"][usual].sum() == pytest.approx(more["mar"][usual].sum(), rel=0.06)


def test_a_factor_multiplies_the_events_after_leaving() -> None:
    d = falls(1000)
    fit = fitted(d)
    plain, twice = (
        np.concatenate(list(impute_counts(fit, d, "year", reference="usual", factor=f, draws=50).blocks())).sum()
        for f in (1.0, 2.0)
    )
    seen = 50 * d["falls"].sum()
    assert twice - seen == pytest.approx(2 * (plain - seen), rel=0.05)


def test_what_cannot_be_imputed_is_refused() -> None:
    d = falls()
    fit = fitted(d)
    with pytest.raises(OptionError, match="is shorter than the time seen"):
        impute_counts(fit, d.assign(year=0.5), "year", reference="usual")
    with pytest.raises(OptionError, match="manual"):
        impute_counts(fit, d, "year", reference="manual")
    with pytest.raises(OptionError, match="negative binomial or Poisson"):
        impute_counts(fit_glm("falls ~ arm", d, family="gaussian"), d, "year", reference="usual")
