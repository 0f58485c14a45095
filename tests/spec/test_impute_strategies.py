"""The mean and covariance that each strategy gives a participant after an event."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.errors import FitError, OptionError
from coxa.impute import Strategy, carry_from, strategy_named
from coxa.impute.strategies import STRATEGIES, jump

ARM = np.array([10.0, 12.0, 13.0, 15.0])
REFERENCE = np.array([1.0, 2.0, 4.0, 8.0])
SPREAD_ARM = np.array([[4.0, 2, 1, 0.5], [2, 5, 2, 1], [1, 2, 6, 3], [0.5, 1, 3, 7]])
SPREAD_REFERENCE = SPREAD_ARM + np.diag([1.0, 0, 2, 0])


@pytest.mark.parametrize(
    ("word", "event", "expected"),
    [
        ("mar", 2, [10, 12, 13, 15]),
        ("j2r", 2, [10, 12, 4, 8]),
        ("j2r", 0, [1, 2, 4, 8]),
        ("cr", 2, [1, 2, 4, 8]),
        ("cir", 2, [10, 12, 14, 18]),
        ("cir", 0, [1, 2, 4, 8]),
        ("lmcf", 2, [10, 12, 12, 12]),
        ("j2r", 4, [10, 12, 13, 15]),
    ],
)
def test_means_after_an_event(word: str, event: int, expected: list[float]) -> None:
    mean, _ = STRATEGIES[word].marginal(ARM, REFERENCE, SPREAD_ARM, SPREAD_REFERENCE, event)
    assert mean.tolist() == expected


@pytest.mark.parametrize("word", ["j2r", "cir"])
def test_outcomes_after_an_event_depend_on_those_before_as_in_the_reference(word: str) -> None:
    covariance = STRATEGIES[word].covariance(SPREAD_ARM, SPREAD_REFERENCE, 2)

    def regression(matrix: np.ndarray) -> np.ndarray:
        return np.linalg.solve(matrix[:2, :2], matrix[:2, 2:])

    def left(matrix: np.ndarray) -> np.ndarray:
        return matrix[2:, 2:] - matrix[2:, :2] @ regression(matrix)

    np.testing.assert_allclose(covariance[:2, :2], SPREAD_ARM[:2, :2])
    np.testing.assert_allclose(regression(covariance), regression(SPREAD_REFERENCE), rtol=1e-12)
    np.testing.assert_allclose(left(covariance), left(SPREAD_REFERENCE), rtol=1e-12)
    np.testing.assert_allclose(covariance, covariance.T, rtol=1e-12)


@pytest.mark.parametrize("word", list(STRATEGIES))
@pytest.mark.parametrize("event", [1, 2, 3])
def test_arms_that_are_alike_give_the_same_under_every_strategy_but_the_last_mean(word: str, event: int) -> None:
    mean, covariance = STRATEGIES[word].marginal(ARM, ARM, SPREAD_ARM, SPREAD_ARM, event)
    np.testing.assert_allclose(covariance, SPREAD_ARM, rtol=1e-12)
    if word != "lmcf":
        np.testing.assert_allclose(mean, ARM)


def test_draws_and_participants_are_further_axes() -> None:
    rng = np.random.default_rng(4)
    arm, spread = rng.normal(size=(5, 3, 4)), SPREAD_ARM * rng.uniform(1, 2, size=(5, 1, 1, 1))
    for strategy in STRATEGIES.values():
        mean, covariance = strategy.marginal(arm, REFERENCE, SPREAD_ARM, spread, 2)
        one = strategy.marginal(arm[3, 1], REFERENCE, SPREAD_ARM, spread[3, 0], 2)
        np.testing.assert_allclose(np.broadcast_to(mean, arm.shape)[3, 1], one[0])
        np.testing.assert_allclose(np.broadcast_to(covariance, (5, 1, 4, 4))[3, 0], one[1])


def test_a_strategy_of_ones_own_gives_the_mean_that_it_says() -> None:
    average = Strategy(
        word="avg",
        title="average of both arms",
        assumes="After the event participants have the average of their own arm and {reference}.",
        mean=lambda arm, reference, event: jump(arm, (arm + reference) / 2, event),
    )
    spread = np.array([[1.0, 1.2, 1], [1.2, 9, 2.7], [1, 2.7, 4]])
    mean, covariance = average.marginal(np.array([1.0, 2, 3]), np.array([5.0, 6, 7]), spread, 3 * spread, 2)
    assert mean.tolist() == [1, 2, 5]
    assert covariance.tolist() == spread.tolist()


def test_the_last_mean_needs_a_visit_before_the_event_or_a_value() -> None:
    with pytest.raises(FitError, match="before the first visit"):
        STRATEGIES["lmcf"].mean(ARM, REFERENCE, 0)
    assert carry_from(0).mean(ARM, REFERENCE, 0).tolist() == [0, 0, 0, 0]
    assert carry_from(0).mean(ARM, REFERENCE, 1).tolist() == [10, 10, 10, 10]


@pytest.mark.parametrize(("said", "word"), [("J2R", "j2r"), ("jump-to-reference", "j2r"), ("Copy Reference", "cr")])
def test_strategies_answer_to_the_names_that_they_have_elsewhere(said: str, word: str) -> None:
    assert strategy_named(said).word == word


def test_a_strategy_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(OptionError, match=r'There is no strategy "j3r"\. Choose one of mar, j2r'):
        strategy_named("j3r")
    with pytest.raises(OptionError, match="Give the position of a visit, 0 to 3, or 4 for none"):
        STRATEGIES["j2r"].marginal(ARM, REFERENCE, SPREAD_ARM, SPREAD_ARM, 5)
