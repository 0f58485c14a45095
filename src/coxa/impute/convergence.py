"""Whether chains of draws have come to the same distribution, and how many independent draws they are worth.

Source: Vehtari, Gelman, Simpson, Carpenter & Buerkner, Bayesian Analysis 2021, 16:667-718.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.cards import Carded

CONVERGED = 1.05
"""R-hat up to which chains count as converged. The draws of an imputation are few for each chain, and the ratio of
chains that are the same varies by about 0.01."""


@dataclass(frozen=True, slots=True, repr=False)
class Convergence(Carded):
    """What the chains of a sampler show.

    chains, kept, burn_in, thin : chains, draws kept of each, steps before the first and steps between two
    rhat     : largest split R-hat of all parameters, 1 where the chains are the same
    worst    : the parameter that has it
    ess      : smallest effective number of draws of all parameters
    accepted : share of proposals that was accepted; 1 for Gibbs steps

    Examples
    --------
    >>> Convergence(4, 250, 100, 5, 1.003, "variance[week_1]", 950.0).converged
    True
    """

    chains: int
    kept: int
    burn_in: int
    thin: int
    rhat: float = 1.0
    worst: str = ""
    ess: float = 0.0
    accepted: float = 1.0

    @property
    def converged(self) -> bool:
        """Whether R-hat is at most `CONVERGED`."""
        return self.rhat <= CONVERGED

    @property
    def sentence(self) -> str:
        """What a methods section says."""
        accepted = f", {self.accepted:.0%} of the proposals were accepted" if self.accepted < 1 else ""
        return (
            f"{self.chains} chains of {self.kept} draws were used, {self.thin} steps apart after {self.burn_in} steps "
            f"that were left out{accepted}; the largest R-hat is {self.rhat:.3f} ({self.worst}), and the least "
            f"known parameter has {self.ess:.0f} effective draws."
        )


def split_rhat(draws: np.ndarray) -> np.ndarray:
    """Return R-hat (q,) of draws (chains, kept, q), each chain cut in two.

    Examples
    --------
    >>> same = np.random.default_rng(1).normal(size=(4, 500, 1))
    >>> bool(split_rhat(same)[0] < 1.01), bool(split_rhat(same + np.arange(4)[:, None, None])[0] > 1.5)
    (True, True)
    """
    chains, kept, q = draws.shape
    half = kept // 2
    parts = draws[:, : 2 * half].reshape(chains * 2, half, q)
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = half * parts.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((half - 1) / half + between / (half * within)))


def effective_draws(draws: np.ndarray) -> np.ndarray:
    """Return the effective number (q,) of draws (chains, kept, q), by Geyer's initial monotone sequence.

    Examples
    --------
    >>> independent = np.random.default_rng(1).normal(size=(4, 500, 1))
    >>> bool(1500 < effective_draws(independent)[0] < 2700)
    True
    """
    chains, kept, q = draws.shape
    centred = draws - draws.mean(axis=1, keepdims=True)
    size = 2 * kept
    spectrum = np.fft.rfft(centred, size, axis=1)
    covariance = np.fft.irfft(spectrum * spectrum.conj(), size, axis=1)[:, :kept].mean(axis=0) / kept
    within = covariance[0] * kept / (kept - 1)
    between = draws.mean(axis=1).var(axis=0, ddof=1) if chains > 1 else np.zeros(q)
    total = within * (kept - 1) / kept + between
    rho = 1 - (within - covariance * kept / (kept - 1)) / total
    rho[0] = 1
    pairs = rho[: kept // 2 * 2].reshape(-1, 2, q).sum(axis=1)
    pairs = np.minimum.accumulate(pairs, axis=0)
    positive = np.cumprod(pairs > 0, axis=0)
    tau = np.maximum(-1 + 2 * (pairs * positive).sum(axis=0), 1 / np.log10(max(chains * kept, 10)))
    return np.asarray(chains * kept / tau)
