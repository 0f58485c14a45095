"""What is assumed of the outcomes after an intercurrent event, as a mean and a covariance over the visits.

A strategy takes the mean and covariance of a participant's own arm and of the reference arm, and the first visit after
the event, and gives the mean and covariance of the participant. Missing outcomes are imputed from these given the
outcomes that were observed.

Sources: Carpenter, Roger & Kenward, J Biopharm Stat 2013, 23:1352-1371; Cro et al., Stat Med 2020, 39:2815-2842.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from coxa.errors import FitError, OptionError, choose, not_allowed

StrategyWord = Literal["mar", "j2r", "cr", "cir", "lmcf"]
STRATEGY_WORDS: tuple[StrategyWord, ...] = get_args(StrategyWord)

Marginal = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""Of the own arm and of the reference arm, and the first visit after the event -> of the participant."""


def own(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:  # noqa: ARG001
    """Return what the participant's own arm has, whatever the event."""
    return arm


def of_reference(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:  # noqa: ARG001
    """Return what the reference arm has, at all visits."""
    return reference


def jump(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:
    """Return means (..., m): the own arm's before the event, the reference's after it."""
    arm, reference = np.broadcast_arrays(arm, reference)
    return np.concatenate([arm[..., :event], reference[..., event:]], axis=-1)


def increments(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:
    """Return means (..., m): the own arm's before the event, after it with the changes that the reference has."""
    if event == 0:
        return reference
    arm, reference = np.broadcast_arrays(arm, reference)
    gained = (arm - reference)[..., event - 1 : event]
    return np.concatenate([arm[..., :event], reference[..., event:] + gained], axis=-1)


def carried(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:  # noqa: ARG001
    """Return means (..., m): the own arm's before the event, after it that of the last visit before.

    Raises
    ------
    FitError
        No visit is before the event.
    """
    if event == 0:
        raise FitError(
            "the last mean cannot be carried forward where an event is before the first visit",
            ["Use another strategy for these participants.", "For changes from baseline use `carry_from(0)`."],
        )
    last = np.broadcast_to(arm[..., event - 1 : event], (*arm.shape[:-1], arm.shape[-1] - event))
    return np.concatenate([arm[..., :event], last], axis=-1)


def along_reference(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:
    """Return covariances (..., m, m): the own arm's before the event, and after it the reference's regression.

    With S the reference's and T the own arm's, and B = S21 S11^-1, the blocks are T11, B T11 and
    S22 - B (S11 - T11) B': outcomes after the event depend on those before as they do in the reference arm.
    """
    arm, reference = np.broadcast_arrays(arm, reference)
    m = arm.shape[-1]
    if event in (0, m):
        return reference if event == 0 else arm
    before, after = slice(0, event), slice(event, m)
    slopes = np.linalg.solve(reference[..., before, before], reference[..., before, after]).swapaxes(-1, -2)
    spread = arm[..., before, before]
    across = slopes @ spread
    last = reference[..., after, after] - slopes @ (reference[..., before, before] - spread) @ slopes.swapaxes(-1, -2)
    return np.block([[spread, across.swapaxes(-1, -2)], [across, last]])


@dataclass(frozen=True, slots=True)
class Strategy:
    """An assumption about the outcomes of a participant after an intercurrent event.

    word       : as in a study file
    title      : as in a sentence: "jump to reference"
    assumes    : the assumption in one sentence; `{reference}` in it is the name of the reference arm
    mean       : means (..., m) of the own arm, of the reference arm, and the position of the first visit after the
                 event (0 to m - 1) -> means (..., m) of the participant; affine in the two means
    covariance : the same of covariances (..., m, m), by arithmetic that complex numbers can go through too, since it is
                 differentiated so; by default the own arm's
    cites      : words of the bibliography
    needs_reference : whether the reference arm is used at all

    Examples
    --------
    The average of the own arm and the reference after the event, as a strategy of one's own:

    >>> halfway = Strategy(
    ...     word="halfway",
    ...     title="half-way to reference",
    ...     assumes="After the event half of the difference to {reference} is left.",
    ...     mean=lambda arm, reference, event: jump(arm, (arm + reference) / 2, event),
    ... )
    >>> halfway.mean(np.array([1.0, 2, 3]), np.array([5.0, 6, 7]), 2)
    array([1., 2., 5.])
    """

    word: str
    title: str
    assumes: str
    mean: Marginal
    covariance: Marginal = own
    cites: tuple[str, ...] = ()
    needs_reference: bool = True

    def marginal(
        self,
        arm_mean: np.ndarray,
        reference_mean: np.ndarray,
        arm_covariance: np.ndarray,
        reference_covariance: np.ndarray,
        event: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return mean (..., m) and covariance (..., m, m) of participants whose event is before visit `event`.

        Parameters
        ----------
        arm_mean, reference_mean
            (..., m), of participants, of draws, or of both.
        arm_covariance, reference_covariance
            (..., m, m).
        event
            Position of the first visit after the event, 0 to m; m where there was none.

        Raises
        ------
        OptionError
            The event is not at a visit, or the shapes differ.

        Examples
        --------
        >>> means = np.array([1.0, 2, 3]), np.array([0.0, 0, 1])
        >>> STRATEGIES["cir"].marginal(*means, np.eye(3), np.eye(3), 2)[0]
        array([1., 2., 3.])
        """
        m = arm_mean.shape[-1]
        if not 0 <= event <= m:
            raise OptionError(f"`event` is {event}. Give the position of a visit, 0 to {m - 1}, or {m} for none.")
        if reference_mean.shape[-1] != m or {arm_covariance.shape[-1], reference_covariance.shape[-1]} != {m}:
            raise OptionError("Means and covariances are not over the same visits. Give all of them for each visit.")
        if event == m:
            return arm_mean, arm_covariance
        return (
            self.mean(arm_mean, reference_mean, event),
            self.covariance(arm_covariance, reference_covariance, event),
        )


STRATEGIES: Mapping[str, Strategy] = {
    one.word: one
    for one in (
        Strategy(
            word="mar",
            title="missing at random",
            assumes="Missing outcomes follow the participant's own arm, given the outcomes observed before.",
            mean=own,
            needs_reference=False,
        ),
        Strategy(
            word="j2r",
            title="jump to reference",
            assumes="After the event participants have the mean of {reference}: what their own arm gained is lost at "
            "once.",
            mean=jump,
            covariance=along_reference,
            cites=("reference_based", "reference_based_review"),
        ),
        Strategy(
            word="cr",
            title="copy reference",
            assumes="Participants with an event count as members of {reference} from the start: what their own arm "
            "gained fades after the event as the correlation between visits does.",
            mean=of_reference,
            covariance=of_reference,
            cites=("reference_based", "reference_based_review"),
        ),
        Strategy(
            word="cir",
            title="copy increments in reference",
            assumes="After the event participants change as {reference} does: what their own arm gained before it is "
            "kept.",
            mean=increments,
            covariance=along_reference,
            cites=("reference_based", "reference_based_review"),
        ),
        Strategy(
            word="lmcf",
            title="last mean carried forward",
            assumes="After the event the mean of the participant's own arm stays what it was at the last visit before.",
            mean=carried,
            cites=("reference_based", "reference_based_review"),
            needs_reference=False,
        ),
    )
}
"""Word of a study file -> strategy."""

ALIASES = {
    "missing at random": "mar",
    "jr": "j2r",
    "jump to reference": "j2r",
    "copy reference": "cr",
    "copy increments in reference": "cir",
    "last mean carried forward": "lmcf",
    "olmcf": "lmcf",
}
"""What others call the strategies -> their words."""


def carry_from(start: float) -> Strategy:
    """Return last mean carried forward for participants whose event may be before the first visit.

    Parameters
    ----------
    start
        The mean before the first visit: 0 of changes from baseline.

    Examples
    --------
    >>> carry_from(0).mean(np.array([3.0, 4.0]), np.zeros(2), 0)
    array([0., 0.])
    """

    def mean(arm: np.ndarray, reference: np.ndarray, event: int) -> np.ndarray:
        return np.full_like(arm, start) if event == 0 else carried(arm, reference, event)

    lmcf = STRATEGIES["lmcf"]
    return Strategy(lmcf.word, lmcf.title, lmcf.assumes, mean, lmcf.covariance, lmcf.cites, lmcf.needs_reference)


def strategy_named(strategy: str | Strategy) -> Strategy:
    """Return a strategy by its word, or by what others call it; one's own as it is.

    Raises
    ------
    OptionError
        There is no such strategy.

    Examples
    --------
    >>> strategy_named("Jump to reference").word, strategy_named("JR").word
    ('j2r', 'j2r')
    """
    if isinstance(strategy, Strategy):
        return strategy
    if not isinstance(strategy, str):
        raise OptionError(f"`strategy` is {strategy!r}. {choose('', STRATEGIES)}")
    word = " ".join(strategy.lower().replace("_", " ").replace("-", " ").split())
    word = ALIASES.get(word, word)
    if word not in STRATEGIES:
        raise OptionError(not_allowed("strategy", strategy, STRATEGIES))
    return STRATEGIES[word]
