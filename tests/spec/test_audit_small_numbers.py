"""Shrinkage, power, tipping and weights: closed forms, brute force, second engines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from coxa.audit import (
    completeness_weights,
    funnel_means,
    funnel_proportions,
    power_of_difference,
    shrunken_means,
    smallest_difference,
    tipping_means,
    tipping_proportions,
)
from coxa.errors import FitError, OptionError, RankDeficientError
from coxa.models import fit_lmm
from tests.reference.tolerances import CLOSED_FORM

REML = 1e-6
"""Relative. The variances of a mixed model are found by iterations."""

LOGIT = 1e-8
"""Relative. Two maximum likelihood fits of one logistic model."""


def people(seed: int = 2, n: int = 300) -> pd.DataFrame:
    """Return patients of whom the older and the less affected answer more often."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"age": rng.normal(55, 12, n), "clinic": rng.choice(list("ABC"), n), "pain": rng.normal(5, 2, n)}
    )
    chance = 1 / (1 + np.exp(-(0.5 + 0.03 * (frame["age"] - 55) - 0.3 * (frame["pain"] - 5))))
    return frame.assign(done=rng.random(n) < chance)


def test_shrunken_means_are_the_predicted_effects_of_a_mixed_model() -> None:
    rng = np.random.default_rng(7)
    scores = rng.normal(50, 6, (6, 1)) + rng.normal(0, 8, (6, 9))
    rows = pd.DataFrame({"participant_id": range(54), "clinic": np.repeat(list("ABCDEF"), 9), "score": scores.ravel()})
    fit = fit_lmm("score ~ (1 | clinic)", rows)
    between, within = fit.variance_components["variance"]
    errors = np.full(6, np.sqrt(within / 9))
    frame = shrunken_means(scores.mean(axis=1), errors, units=list("ABCDEF"))
    predicted = fit.random_effects().set_index("level").loc[list("ABCDEF")]
    np.testing.assert_allclose(frame["shrunken"] - scores.mean(), predicted["value"], rtol=REML, atol=1e-6)
    np.testing.assert_allclose(frame["shrunken_error"], predicted["conditional_sd"], rtol=REML)
    np.testing.assert_allclose(frame["reliability"], between / (between + within / 9), rtol=REML)
    assert frame["unit"].tolist() == list("ABCDEF")


def test_shrinkage_between_its_ends() -> None:
    none = shrunken_means([4.0, 6.0], [1.0, 1.0], tau2=0.0)
    assert none["shrunken"].tolist() == [5.0, 5.0]
    assert none["shrunken_error"].tolist() == [0.0, 0.0]
    everything = shrunken_means([4.0, 6.0], [1.0, 1.0], tau2=1e9)
    assert everything["shrunken"].tolist() == pytest.approx([4, 6], abs=1e-6)
    assert everything["high"].tolist() == pytest.approx([4 + 1.959964, 6 + 1.959964], abs=1e-5)


def test_shrunken_means_are_nearer_to_the_truth() -> None:
    rng = np.random.default_rng(11)
    truth, errors = rng.normal(0, 2, 2000), rng.uniform(0.5, 4, 2000)
    means = truth + rng.normal(0, errors)
    frame = shrunken_means(means, errors)
    assert ((frame["shrunken"] - truth) ** 2).mean() < 0.5 * ((means - truth) ** 2).mean()
    assert ((frame["low"] < truth) & (truth < frame["high"])).mean() == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("level", [0.95, 0.998])
@pytest.mark.parametrize("power", [0.6, 0.8, 0.95])
def test_the_smallest_difference_has_the_power_that_is_asked(level: float, power: float) -> None:
    errors = np.array([0.5, 1.0, 3.0])
    for tau2 in (0.0, 2.0):
        difference = smallest_difference(errors, power=power, level=level, tau2=tau2)
        found = [
            power_of_difference(d, [s], level=level, tau2=tau2).item() for d, s in zip(difference, errors, strict=True)
        ]
        assert found == pytest.approx([power] * 3, abs=1e-4)


def test_the_power_by_simulation() -> None:
    rng = np.random.default_rng(3)
    drawn = 10 + 2.5 + rng.normal(0, 1.2, 20_000)
    outside = funnel_means(drawn, np.full(20_000, 1.2), target=10.0).outliers(0.95) != 0
    assert outside.mean() == pytest.approx(power_of_difference(2.5, [1.2], level=0.95).item(), abs=0.011)


def test_at_the_tipping_mean_the_unit_is_on_its_limit() -> None:
    means, seen, lost = np.array([8.0, 10.5, 14.0]), np.array([80, 40, 60]), np.array([20, 10, 5])
    frame = tipping_means(means, seen, lost, sd=10.0, target=10.0, tau2=0.3, level=0.95)
    for side in ("low", "high"):
        whole = (seen * means + lost * frame[f"lost_mean_{side}"]) / (seen + lost)
        errors = np.sqrt(100 / (seen + lost) + 0.3)
        limit = funnel_means(whole, errors, target=10.0).frame[f"{side}_95"]
        np.testing.assert_allclose(whole, limit, rtol=CLOSED_FORM)
    np.testing.assert_allclose(frame["low_by"] + means, frame["lost_mean_low"], rtol=CLOSED_FORM)


def test_where_none_was_lost_nothing_tips() -> None:
    frame = tipping_means([8.0, 3.0], [80, 80], [0, 1], sd=10.0, target=10.0)
    assert frame["position"].tolist() == ["within", "low"]
    assert np.isnan(frame.loc[0, "lost_mean_low"])
    assert frame.loc[1, "low_by"] > 0


@pytest.mark.parametrize("seed", range(5))
def test_tipping_numbers_by_trying_each(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen, lost, target = int(rng.integers(15, 60)), int(rng.integers(0, 30)), 0.55
    events = int(rng.binomial(seen, 0.5))
    row = tipping_proportions([events], [seen], [lost], target=target, level=0.95).iloc[0]
    tried = [
        funnel_proportions([events + more], [seen + lost], target=target, levels=[0.95]).frame["position"].item()
        for more in range(lost + 1)
    ]
    low, high = ([more for more, found in enumerate(tried) if found == side] for side in ("low", "high"))
    assert (row["low_up_to"] is pd.NA) == (not low)
    assert (row["high_from"] is pd.NA) == (not high)
    assert not low or row["low_up_to"] == max(low)
    assert not high or row["high_from"] == min(high)
    assert [row["position_none"], row["position_all"]] == [tried[0], tried[-1]]


def test_weights_are_those_of_a_logistic_model() -> None:
    data = people()
    found = completeness_weights("done ~ age + clinic + pain", data)
    fit = smf.logit("done ~ age + C(clinic) + pain", data.assign(done=data["done"].astype(int))).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(found.probability, fit.predict(), rtol=LOGIT)
    np.testing.assert_allclose(found.weights[data["done"]], 1 / fit.predict()[data["done"]], rtol=LOGIT)
    assert found.weights[~data["done"]].isna().all()
    assert (found.lowest, found.highest) == (found.weights.min(), found.weights.max())
    w = found.weights.dropna()
    assert found.effective_n == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert found.effective_n < found.n_seen == data["done"].sum()


def test_by_groups_the_weights_are_the_inverse_of_what_was_seen() -> None:
    """With one factor the model is saturated: a closed form."""
    data = pd.DataFrame({"clinic": list("AAAABBBBBB"), "done": [1, 1, 1, 0, 1, 1, 0, 0, 0, 0]})
    found = completeness_weights("done ~ clinic", data)
    assert found.weights.dropna().tolist() == pytest.approx([4 / 3] * 3 + [3] * 2, rel=1e-7)
    assert found.weights.sum() == pytest.approx(10, rel=1e-7)
    assert found.effective_n == pytest.approx(100 / (3 * 16 / 9 + 18), rel=1e-7)


def test_weights_take_away_what_the_terms_explain() -> None:
    data = people(seed=5, n=20_000)
    found = completeness_weights("done ~ age + pain", data)
    seen = data["done"]
    weighted = np.average(data.loc[seen, "pain"], weights=found.weights[seen])
    assert abs(data.loc[seen, "pain"].mean() - data["pain"].mean()) > 0.1
    assert weighted == pytest.approx(data["pain"].mean(), abs=0.03)


def test_weights_are_capped_and_normalised_only_when_asked() -> None:
    data = people()
    free = completeness_weights("done ~ age + pain", data)
    capped = completeness_weights("done ~ age + pain", data, cap=2.0)
    assert capped.highest == 2.0
    assert capped.n_capped == (free.weights > 2).sum() > 0
    assert free.n_capped == 0
    normalised = completeness_weights("done ~ age + pain", data, normalised=True)
    assert normalised.weights.mean() == pytest.approx(1)
    assert normalised.effective_n == pytest.approx(free.effective_n)


def test_rows_with_a_gap_are_named_and_the_data_stay_as_they_are() -> None:
    data = people().set_index(np.arange(300) * 2)
    data.loc[4, "age"] = np.nan
    before = data.copy()
    found = completeness_weights("done ~ age", data)
    assert len(found.left_out) == 1
    assert np.isnan(found.probability[4])
    assert found.weights.index.equals(data.index)
    pd.testing.assert_frame_equal(data, before)


@pytest.mark.parametrize(
    ("made", "error", "words"),
    [
        (lambda: completeness_weights("done ~ age", people().assign(done=1)), FitError, "not 0 for some"),
        (lambda: completeness_weights("age ~ pain", people()), FitError, "not 0 for some"),
        (lambda: completeness_weights("done ~ agee", people()), OptionError, "agee"),
        (lambda: completeness_weights("done ~ age", people(), cap=1), OptionError, "above 1"),
        (lambda: completeness_weights("done ~ a + b", people().assign(a=1.0, b=2.0)), RankDeficientError, "cannot"),
        (
            lambda: completeness_weights("done ~ x", pd.DataFrame({"x": [1.0, 2, 3, 4], "done": [0, 0, 1, 1]})),
            FitError,
            "exactly whether they were seen",
        ),
        (
            lambda: completeness_weights("done ~ c", pd.DataFrame({"c": list("aabb"), "done": [0, 1, 1, 1]})),
            FitError,
            "exactly whether they were seen",
        ),
        (lambda: shrunken_means([1, 2], [1, 0]), OptionError, "not above zero"),
        (lambda: shrunken_means([1, 2], [1, 1], tau2=-1), OptionError, "0 or more"),
        (lambda: smallest_difference([1.0], power=0.4), OptionError, "between 0.5 and 1"),
        (lambda: tipping_means([1.0], [0], [2], sd=1, target=0), OptionError, "no patient seen"),
        (lambda: tipping_means([1.0], [4], [2], sd=0, target=0), OptionError, "above 0"),
        (lambda: tipping_proportions([5], [4], [2], target=0.5), OptionError, "more events"),
    ],
)
def test_what_is_refused(made: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        made()
