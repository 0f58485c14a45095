"""Draws of the parameters (beta, Sigma) of an imputation model: Bayesian by chains, or about so by bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from coxa.cards import Card, Carded, counted
from coxa.errors import FitError, OptionError, check_known, check_option
from coxa.impute.convergence import Convergence, effective_draws, split_rhat
from coxa.impute.gibbs import bartlett, gibbs_steps
from coxa.impute.metropolis import TOGETHER, independence_chains, restricted
from coxa.impute.refits import refits
from coxa.models import Fit
from coxa.models.numerics.marginal_fit import derivatives_at
from coxa.models.numerics.one_thread import one_thread
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import visit_covariances
from coxa.models.results.rebuilt import Rebuilt, rebuilt

Method = Literal["bayes", "bootstrap"]
METHODS: tuple[Method, ...] = ("bayes", "bootstrap")

METHOD_WORDS = {"bayes": "from their posterior", "bootstrap": "estimates of bootstrap samples of participants"}

MOST_REDRAWN = 0.5
"""Part of the bootstrap samples that may be without an optimum before the bootstrap is given up."""

AT_ONCE = 100
"""Bootstrap samples that are drawn at a time."""


@dataclass(frozen=True, slots=True, repr=False)
class Draws(Carded):
    """D draws of the parameters of an imputation model.

    beta        : (D, p) coefficients of the formula
    covariance  : (D, G, m, m) over the visits, of each of G covariance groups
    method      : ``bayes`` or ``bootstrap``
    convergence : what the chains show; None for a bootstrap, whose draws are independent
    redrawn     : bootstrap samples without an optimum, which were drawn again
    warnings    : what a reader of any result should know
    latent      : (D, k, m) values of the normal variable behind the scores of the k participants with gaps, or None
    cuts        : (D, L - 1) cut points between L levels without distances, or None

    Examples
    --------
    >>> Draws(np.zeros((2, 3)), np.ones((2, 1, 1, 1)), "bootstrap").size
    2
    """

    beta: np.ndarray = field(repr=False)
    covariance: np.ndarray = field(repr=False)
    method: str
    convergence: Convergence | None = None
    redrawn: int = 0
    warnings: tuple[str, ...] = ()
    latent: np.ndarray | None = field(default=None, repr=False)
    cuts: np.ndarray | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Number of draws D."""
        return len(self.beta)

    @property
    def sentence(self) -> str:
        """How the parameters were drawn, in words."""
        if self.convergence is not None:
            return (
                f"The parameters of the imputation model were drawn from their posterior: {self.convergence.sentence}"
            )
        again = f"; {self.redrawn} samples without an optimum were drawn again" if self.redrawn else ""
        return (
            f"The parameters of the imputation model were estimated in {self.size} bootstrap samples of participants "
            f"within arms{again}."
        )

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        title = f"{counted(self.size, 'draw')} of the parameters of an imputation model"
        facts = {"Method": METHOD_WORDS.get(self.method, self.method)}
        if (seen := self.convergence) is not None:
            facts["Chains"] = f"{seen.chains} of {seen.kept}, {seen.thin} steps apart after {seen.burn_in}"
            facts["R-hat"] = f"{seen.rhat:.3f} ({seen.worst})"
            facts["Effective"] = f"{seen.ess:.0f} draws of the least known parameter"
        return Card(title, {**facts, **({"Warning": "\n".join(self.warnings)} if self.warnings else {})})


def draw_parameters(
    fit: Fit,
    draws: int = 1000,
    *,
    method: Method = "bayes",
    seed: int = 1,
    arm: str = "arm",
    chains: int = 20,
    burn_in: int = 100,
    thin: int = 5,
) -> Draws:
    """Draw the coefficients and the covariance of an imputation model.

    Parameters
    ----------
    fit : Fit
        Of `coxa.models.fit_mmrm`, to the outcomes from which the missing ones are imputed.
    draws : int
        Number of draws, one for each imputed data set.
    method : {"bayes", "bootstrap"}
        From the posterior, by Gibbs steps for an unstructured covariance and by Metropolis and Hastings for others; or
        restricted likelihood estimates of bootstrap samples of participants, which are close to posterior draws in
        large samples ("approximate Bayes").
    seed : int
    arm : str
        Column within which a bootstrap draws participants.
    chains, burn_in, thin : int
        Chains that run next to each other, steps left out at their beginning, and steps from one kept draw to the next.

    Returns
    -------
    Draws

    Raises
    ------
    OptionError
        An option is not allowed.
    FitError
        The model cannot be made again from its rows, it has too few participants for a posterior, or its optimum is at
        a boundary.

    Notes
    -----
    The prior is flat for the coefficients and Jeffreys' for the covariance; see `coxa.impute.gibbs`. Chains begin at
    covariances that scatter more widely than the posterior, and R-hat tells whether they have met.

    Examples
    --------
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> drawn = draw_parameters(fit_mmrm("change ~ arm * visit", d), 200, seed=2)
    >>> drawn.beta.shape, drawn.covariance.shape, drawn.convergence.converged
    ((200, 4), (200, 1, 2, 2), True)
    """
    check_option("method", method, METHODS)
    for name, value, least in (("draws", draws, 2), ("chains", chains, 1), ("burn_in", burn_in, 0), ("thin", thin, 1)):
        if value < least:
            raise OptionError(f"`{name}` is {value}. Give {least} or more.")
    rng = np.random.default_rng(seed)
    with one_thread():
        made = rebuilt(fit)
        if method == "bootstrap":
            beta, covariance, _, redrawn = bootstrap_estimates(fit, made, draws, arm, rng)
            return Draws(beta, covariance, method, redrawn=redrawn)
        ran = planned(draws, chains, burn_in, thin)
        sample = by_gibbs if made.structure.name == "us" else by_metropolis
        b, covariance, accepted = sample(fit, made, ran, rng)
        beta = origin_of(fit, made) + b @ made.back.T
    return bayesian(draws, beta, covariance, shown(fit, beta, covariance, ran, accepted))


def planned(draws: int, chains: int, burn_in: int, thin: int) -> Convergence:
    """Return how long chains are: few draws come from few chains, since short chains do not show whether they met."""
    several = min(chains, max(2, draws // 25)) if chains > 1 else 1
    return Convergence(several, -(-draws // several), burn_in, thin)


def origin_of(fit: Fit, made: Rebuilt) -> np.ndarray:
    """Return the coefficients (p,) of the formula that were taken off the outcomes before they were summed."""
    return np.asarray(fit.params.to_numpy() - made.back @ made.at.beta)


def shown(
    fit: Fit,
    beta: np.ndarray,
    covariance: np.ndarray,
    ran: Convergence,
    accepted: float,
    known: tuple[np.ndarray, list[str]] | None = None,
) -> Convergence:
    """Return what chains (chains, steps, p) and (chains, steps, G, m, m) show.

    R-hat is that of all steps, the effective number that of the draws which are kept; both of coefficients and
    variances, or of what is `known` in their place (chains, steps, k), with names.
    """
    if known is None:
        variances = np.diagonal(covariance, axis1=-2, axis2=-1).reshape(*beta.shape[:2], -1)
        known = (
            np.concatenate([beta, np.log(variances)], axis=2),
            [*map(str, fit.params.index), *variance_names(fit)],
        )
    values, names = known
    every = values.shape[1] // ran.kept
    rhat, effective = split_rhat(values), effective_draws(values[:, every - 1 :: every])
    worst = int(np.argmax(rhat))
    return replace(ran, rhat=float(rhat[worst]), worst=names[worst], ess=float(effective.min()), accepted=accepted)


def bayesian(draws: int, beta: np.ndarray, covariance: np.ndarray, seen: Convergence) -> Draws:
    """Return draws of chains in turn, so that any part of them has draws of every chain."""
    warnings: tuple[str, ...] = ()
    if not seen.converged:
        warnings = (
            f"the chains of the imputation model have not met: R-hat of {seen.worst} is {seen.rhat:.2f}. Use a longer "
            "`burn_in` and `thin`, or a smaller model",
        )
    kept = in_turn(beta, seen.kept, draws), in_turn(covariance, seen.kept, draws)
    return Draws(*kept, "bayes", seen, warnings=warnings)


def in_turn(steps: np.ndarray, kept: int, draws: int) -> np.ndarray:
    """Return the last of every few steps (chains, steps, ...), `kept` of each chain, one chain after the other."""
    every = steps.shape[1] // kept
    last = steps[:, every - 1 :: every].swapaxes(0, 1)
    return last.reshape(last.shape[0] * last.shape[1], *last.shape[2:])[:draws].copy()


def variance_names(fit: Fit) -> Sequence[str]:
    """Return the names of the variances, group by group."""
    return [f"variance[{', '.join(map(str, np.atleast_1d(label)))}]" for label in fit.covariance.index.to_list()]


def check_posterior(sums: Stack) -> None:
    """Raise FitError where a group has too few participants for a posterior of its covariance."""
    for g in range(sums.groups):
        n = int(sums.n[sums.members(g)].sum())
        if n <= sums.m + -(-sums.p // (sums.m * sums.groups)):
            raise FitError(
                f"{n} participants are too few to draw a covariance of {sums.m} visits",
                ["Use fewer visits or a smaller formula.", "Use a structured covariance, such as covariance='csh'."],
            )


Chains = tuple[np.ndarray, np.ndarray, float]
"""beta (chains, steps, p) in the coordinates of the sums, Sigma (chains, steps, G, m, m), and the share accepted.

The steps are all after the burn-in, or those that are kept."""


def by_gibbs(fit: Fit, made: Rebuilt, ran: Convergence, rng: np.random.Generator) -> Chains:  # noqa: ARG001
    """Draw by Gibbs steps; chains begin at Wishart matrices of a quarter of the participants around the optimum."""
    sums = made.sums
    check_posterior(sums)
    m, covariance = sums.m, visit_covariances(sums, made.structure, made.theta)
    df = max(m + 2, int(sums.n.sum()) // 4)
    scattered = np.stack([bartlett(ran.chains, m, df, rng) for _ in range(sums.groups)], axis=1) / np.sqrt(df)
    factor = np.linalg.cholesky(covariance) @ scattered
    steps = gibbs_steps(sums, factor @ factor.swapaxes(-1, -2), rng)
    length = ran.kept * ran.thin
    beta = np.empty((ran.chains, length, sums.p))
    drawn = np.empty((ran.chains, length, *covariance.shape))
    for _ in range(ran.burn_in):
        next(steps)
    for k in range(length):
        beta[:, k], drawn[:, k] = next(steps)
    return beta, drawn, 1.0


def by_metropolis(fit: Fit, made: Rebuilt, ran: Convergence, rng: np.random.Generator) -> Chains:
    """Draw by Metropolis and Hastings.

    Raises
    ------
    FitError
        The optimum is that of a simpler model at a boundary, around which nothing can be proposed.
    """
    sums, structure = made.sums, made.structure
    information = derivatives_at(sums, structure, made.theta, made.at).hessian
    if np.linalg.eigvalsh(information)[0] <= 0 or any("boundary" in text for text in fit.warnings):
        raise FitError(
            "the optimum of the imputation model is at a boundary of its covariance",
            ["Use a simpler covariance.", "Use covariance='us'."],
        )
    steps = ran.burn_in + ran.kept * ran.thin
    theta, accepted = independence_chains(
        sums, structure, (made.theta, np.linalg.inv(information)), ran.chains, steps, rng
    )
    theta = theta[:, ran.burn_in + ran.thin - 1 :: ran.thin].reshape(ran.chains * ran.kept, -1)
    beta, covariance = [], []
    for k in range(0, len(theta), TOGETHER):
        own = theta[k : k + TOGETHER]
        _, best, root = restricted(sums, structure, own)
        beta.append(best + (root @ rng.standard_normal((len(own), sums.p, 1)))[..., 0])
        covariance.append([visit_covariances(sums, structure, one) for one in own])
    shape = ran.chains, ran.kept
    return (
        np.concatenate(beta).reshape(*shape, -1),
        np.concatenate(covariance).reshape(*shape, sums.groups, sums.m, sums.m),
        accepted,
    )


def resamples(arm: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw positions (size, n) of participants with replacement within arms; arm (n,) codes.

    Examples
    --------
    >>> drawn = resamples(np.array([0, 0, 1, 1]), 3, np.random.default_rng(1))
    >>> drawn.shape, bool((drawn[:, :2] < 2).all())
    ((3, 4), True)
    """
    drawn = np.empty((size, len(arm)), dtype=np.intp)
    for a in np.unique(arm):
        own = np.flatnonzero(arm == a)
        drawn[:, own] = own[rng.integers(0, len(own), (size, len(own)))]
    return drawn


def times_drawn(drawn: np.ndarray, n: int) -> np.ndarray:
    """Return how often each of n participants is in each sample, (size, n), from their positions (size, k)."""
    counts = np.zeros((len(drawn), n), dtype=np.intp)
    np.add.at(counts, (np.arange(len(drawn))[:, None], drawn), 1)
    return counts


def arms_of(fit: Fit, arm: str) -> np.ndarray:
    """Return the code of the arm (n,) of each participant of a model, in the order of their first rows."""
    check_known("factor of the model", arm, [str(name) for name in fit.design.levels])
    first = ~pd.Series(fit.sample.participant).duplicated().to_numpy()
    return np.asarray(fit.design.frame[arm].cat.codes.to_numpy()[first])


def bootstrap_estimates(
    fit: Fit, made: Rebuilt, draws: int, arm: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return estimates of bootstrap samples: coefficients (D, p) of the formula, and covariances (D, G, m, m).

    Then the positions (D, n) of the participants of each sample, and how many samples were drawn again.

    Sources: Efron, JASA 1994, 89:463-475; Little & Rubin, Statistical Analysis with Missing Data, 2002, 10.2.3.

    Raises
    ------
    FitError
        Half of the samples have no optimum.
    """
    codes, origin = arms_of(fit, arm), origin_of(fit, made)
    beta, covariance, who = [], [], []
    done = again = 0
    while done < draws:
        drawn = resamples(codes, min(AT_ONCE, draws - done), rng)
        fitted = refits(made, times_drawn(drawn, len(codes)))
        good = fitted.fitted
        done, again = done + int(good.sum()), again + int((~good).sum())
        if again > MOST_REDRAWN * max(done, AT_ONCE):
            raise FitError(
                f"{again} of {done + again} bootstrap samples have no optimum of the imputation model",
                ["Use method='bayes'.", "Use a smaller formula or a covariance of fewer parameters."],
            )
        beta.append(origin + fitted.beta[good] @ made.back.T)
        covariance.append(fitted.covariance[good])
        who.append(drawn[good])
    return np.concatenate(beta), np.concatenate(covariance), np.concatenate(who), again
