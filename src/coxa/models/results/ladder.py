"""The ladder of covariance structures: tried in the order that was declared, until one is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coxa.errors import NonConvergenceError
from coxa.models.covariance.structure import Structure
from coxa.models.numerics.marginal_fit import Attempt, MarginalFit, fit_sums
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.results.records import criteria


def climb(
    sums: Stack, ladder: Sequence[Structure], *, reml: bool, labels: Sequence[str]
) -> tuple[MarginalFit | None, Structure, list[Attempt]]:
    """Fit the first structure of the ladder that has a proven optimum."""
    attempts: list[Attempt] = []
    for structure in ladder:
        fitted, tried = fit_sums(sums, structure, reml=reml, labels=labels)
        attempts += tried
        if fitted is not None:
            return fitted, structure, attempts
    return None, ladder[-1], attempts


def measured(attempts: Sequence[Attempt], fitted: MarginalFit, sums: Stack, loglik: float) -> tuple[Attempt, ...]:
    """Return the attempts with log-likelihood and criteria of the one that was kept."""
    values = criteria(loglik, len(fitted.theta), sums.p, sums.n_observations, int(sums.n.sum()), reml=fitted.at.reml)
    return (*attempts[:-1], replace(attempts[-1], loglik=loglik, criteria=tuple(values.items())))


def ladder_text(attempts: Sequence[Attempt]) -> str:
    """Say which structures were left and why, and how the one used fits; empty if the first was fitted.

    Examples
    --------
    >>> kept = Attempt("cs", "moments of the residuals", "", -100.0, (("aicc", 204.1), ("bic", 206.0)))
    >>> ladder_text([Attempt("us", "no correlation", "singular"), kept]).split("; ")[0]
    'us covariance could not be fitted (singular)'
    """
    kept = attempts[-1]
    left: dict[str, dict[str, None]] = {}
    for attempt in attempts[:-1]:
        if attempt.structure != kept.structure:
            left.setdefault(attempt.structure, {})[attempt.failure] = None
    if not left:
        return ""
    said = [f"{name} covariance could not be fitted ({', or '.join(reasons)})" for name, reasons in left.items()]
    values = dict(kept.criteria)
    figures = f"log-likelihood {kept.loglik:.2f}, AICC {values['aicc']:.2f}, BIC {values['bic']:.2f}"
    return f"{'; '.join(said)}; {kept.structure} was used, as declared ({figures})"


def not_converged(attempts: Sequence[Attempt], seen: Sequence[str]) -> NonConvergenceError:
    """Return the error that says what was tried, what was seen in the data, and what else to look at."""
    tried = "; ".join(f"{a.structure} from {a.start}: {a.failure}" for a in attempts)
    return NonConvergenceError(
        f"no proven optimum of the likelihood. Tried: {tried or 'a visit has no variance at all'}",
        [
            *seen,
            "Look for a visit that repeats another, or has hardly any variance or participants.",
            "Use a covariance with fewer parameters, as a declared ladder: covariance=['us', ...].",
            "Leave terms with hardly any data out of the formula.",
        ],
    )
