"""A logistic model of counts in cells: how many of those alike have an outcome, or an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.arguments import FRAME, kinds
from coxa.audit.limits import Floats
from coxa.errors import FitError, OptionError, not_allowed

OTHER = "other"
MAX_ITERATIONS = 60
MAX_HALVINGS = 40
CONVERGED = 1e-10
"""sqrt(g' H^-1 g), in standard errors; one more step is taken there."""

LARGEST = 15.0
"""Size of a logit beyond which some cells are predicted exactly: a probability of one in three million."""


@dataclass(frozen=True, slots=True)
class CellFit:
    """A logistic model of events among tries, by levels of terms.

    intercept   : logit of the reference levels
    terms       : term, level (of those given), joined (level of the model), estimate (0 at the reference), tries and
                  events
    covariance  : of the intercept and the estimates that are not references, in their order
    probability : one per cell, in the order given
    notes       : terms left out and levels joined, and why

    Examples
    --------
    >>> cells = pd.DataFrame({"sex": ["f", "m"], "due": [30, 20], "done": [20, 10]})
    >>> fit = fit_cells(cells, "due", "done", ["sex"])
    >>> fit.terms[["level", "estimate"]].round(4).values.tolist(), fit.probability.round(4).tolist()
    ([['f', 0.0], ['m', -0.6931]], [0.6667, 0.5])
    """

    intercept: float
    terms: pd.DataFrame
    covariance: Floats
    probability: Floats
    notes: tuple[str, ...]

    def estimates(self) -> Mapping[str, Mapping[str, float]]:
        """Return term -> level -> what is added to the logit."""
        return {
            str(term): dict(zip(rows["level"], rows["estimate"], strict=True))
            for term, rows in self.terms.groupby("term", sort=False)
        }


@dataclass(frozen=True, slots=True)
class CellWeights:
    """Inverse-probability weights of those with an outcome.

    weights         : one per cell
    lowest, highest : range of the weights in cells with an outcome
    effective_n     : how many equally weighted patients have the same precision: (sum w)^2 / sum w^2
    n_seen, n_due   : patients with an outcome, and all who were due
    n_capped        : patients whose weight was cut down to the cap

    Examples
    --------
    >>> cells = pd.DataFrame({"sex": ["f", "m"], "due": [30, 20], "done": [20, 2]})
    >>> found = cell_weights(fit_cells(cells, "due", "done", ["sex"]), cells, "due", "done", cap=4.0)
    >>> found.weights.round(2).tolist(), found.n_seen, found.n_capped
    ([1.5, 4.0], 22, 2)
    """

    weights: Floats
    lowest: float
    highest: float
    effective_n: float
    n_seen: int
    n_due: int
    n_capped: int


@kinds(cells=FRAME)
def fit_cells(cells: pd.DataFrame, tries: str, events: str, terms: Sequence[str]) -> CellFit:
    """Fit a logistic model, without interactions, to counts of events among tries.

    Parameters
    ----------
    cells
        One row per combination of levels, with counts. Not changed.
    tries, events
        Columns of the counts.
    terms
        Columns of the levels. A level in which all or none have the event is joined with others to `other`; a term
        with one level is left out. Both are in `notes`.

    Returns
    -------
    CellFit

    Raises
    ------
    OptionError
        A column is missing, or a cell has more events than tries.
    FitError
        All or none have the event; the terms tell exactly who has it; levels of two terms are the same patients.

    Notes
    -----
    Newton's method on the binomial likelihood. Cross-products are counted by pairs of levels, so that no design matrix
    of cells by levels is made. The estimates are those of a logistic regression of the patients one by one. Source:
    McCullagh & Nelder, Generalized Linear Models, 1989, chapter 4.

    Examples
    --------
    >>> cells = pd.DataFrame({"sex": ["f", "m"], "due": [30, 20], "done": [20, 0]})
    >>> fit_cells(cells, "due", "done", ["sex"]).notes
    ('`sex` is left out: it has one level after levels with no events, or with events alone, were joined.',)
    """
    for name in (tries, events, *terms):
        if name not in cells.columns:
            raise OptionError(not_allowed("column", name, map(str, cells.columns)))
    n, y = cells[tries].to_numpy(dtype=float), cells[events].to_numpy(dtype=float)
    if not ((n >= 0).all() and (y >= 0).all() and (y <= n).all()):
        raise OptionError("A cell has a count below 0, or more events than tries. Correct its counts.")
    if not 0 < y.sum() < n.sum():
        raise FitError("all or none of the patients have the event", ["Count longer, or leave the model out."])
    notes: list[str] = []
    coded = [each for term in terms if (each := _coded(cells[term].astype(str), term, n, y, notes)) is not None]
    estimates, covariance = _newton(_Levels.of(coded, len(cells)), n, y)
    return _fit_of(coded, estimates, covariance, len(cells), tuple(notes))


@kinds(cells=FRAME)
def cell_weights(
    fit: CellFit, cells: pd.DataFrame, tries: str, events: str, *, cap: float | None = None
) -> CellWeights:
    """Return weights 1 / p of those with an outcome, one per cell.

    Parameters
    ----------
    fit
        Of these cells.
    cells, tries, events
        As for `fit_cells`; also some of its rows, by which `fit.probability` is chosen, with their index unchanged.
    cap
        Largest weight; larger ones are set to it.

    Raises
    ------
    OptionError
        The cap is not above 1.

    Examples
    --------
    >>> cells = pd.DataFrame({"sex": ["f", "m"], "due": [30, 20], "done": [20, 10]})
    >>> found = cell_weights(fit_cells(cells, "due", "done", ["sex"]), cells, "due", "done")
    >>> found.weights.round(2).tolist(), round(found.effective_n, 2)
    ([1.5, 2.0], 29.41)
    """
    if cap is not None and not cap > 1:
        raise OptionError(f"`cap` is {cap}. Give a weight above 1, for example 5.")
    raw = 1 / fit.probability[cells.index.to_numpy()]
    used = raw if cap is None else np.minimum(raw, cap)
    seen, due = cells[events].to_numpy(dtype=float), cells[tries].to_numpy(dtype=float)
    some, n_seen = seen > 0, float(seen.sum())
    squares = float((seen * used**2).sum())
    return CellWeights(
        weights=used,
        lowest=float(used[some].min()) if some.any() else np.nan,
        highest=float(used[some].max()) if some.any() else np.nan,
        effective_n=float((seen * used).sum() ** 2 / squares) if squares else 0.0,
        n_seen=int(n_seen),
        n_due=int(due.sum()),
        n_capped=0 if cap is None else int(seen[raw > cap].sum()),
    )


@dataclass(frozen=True, slots=True)
class _Coded:
    """A term: its level in each cell, the levels given with the level of the model of each, and those of the model."""

    name: str
    codes: NDArray[np.intp]
    given: list[str]
    joined: list[str]
    levels: list[str]
    tries: Floats
    events: Floats


def _coded(values: pd.Series, name: str, n: Floats, y: Floats, notes: list[str]) -> _Coded | None:
    """Return the levels of a term, the most frequent first; None of a term with one level."""
    codes, found = pd.factorize(values, sort=True)
    given = [str(level) for level in found]
    tries, events = (np.bincount(codes, counts, minlength=len(given)).astype(float) for counts in (n, y))
    names = {level: level for level in given}
    apart = _apart(tries, events)
    if apart and OTHER in given:  # a level of this name is joined with those that get it
        apart = sorted({*apart, given.index(OTHER)})
    if apart:
        joined = ", ".join(given[k] for k in apart)
        names |= {given[k]: OTHER for k in apart}
        if len(set(names.values())) > 1:
            notes.append(f"Levels of `{name}` were joined, because in one all or none have the event: {joined}.")
    joined_codes, levels = pd.factorize(np.array([names[level] for level in given], dtype=object))
    size = np.bincount(joined_codes, tries, minlength=len(levels))
    if len(levels) < 2:
        why = " after levels with no events, or with events alone, were joined" if apart else ""
        notes.append(f"`{name}` is left out: it has one level{why}.")
        return None
    order = np.argsort(-size, kind="stable")
    rank = np.argsort(order)
    return _Coded(
        name=name,
        codes=rank[joined_codes[codes]],
        given=given,
        joined=[names[level] for level in given],
        levels=[str(levels[k]) for k in order],
        tries=tries,
        events=events,
    )


def _apart(tries: Floats, events: Floats) -> list[int]:
    """Return levels to be joined: those with all or no events, and the smallest others until the sum has both."""
    apart = [k for k in range(len(tries)) if events[k] in (0, tries[k])]
    others = iter(k for k in np.argsort(tries, kind="stable") if k not in apart)
    while apart and events[apart].sum() in (0, tries[apart].sum()):
        apart.append(int(next(others)))
    return sorted(apart)


@dataclass(frozen=True, slots=True)
class _Levels:
    """Which levels each cell has: positions of coefficients, 0 the intercept, and -1 for a reference."""

    places: list[NDArray[np.intp]]
    size: int

    @classmethod
    def of(cls, coded: Sequence[_Coded], n_cells: int) -> _Levels:
        places, start = [np.zeros(n_cells, dtype=np.intp)], 1
        for term in coded:
            places.append(np.where(term.codes > 0, start + term.codes - 1, -1))
            start += len(term.levels) - 1
        return cls(places, start)

    def logit(self, estimates: Floats) -> Floats:
        padded = np.append(estimates, 0.0)
        return np.asarray(sum(padded[place] for place in self.places))

    def score(self, residual: Floats) -> Floats:
        return np.asarray(sum(np.bincount(p + 1, residual, minlength=self.size + 1) for p in self.places))[1:]

    def information(self, weight: Floats) -> Floats:
        wide = self.size + 1
        total = np.zeros(wide * wide)
        for one in self.places:
            for other in self.places:
                total += np.bincount((one + 1) * wide + other + 1, weight, minlength=wide * wide)
        return np.asarray(total.reshape(wide, wide)[1:, 1:])


def _newton(levels: _Levels, n: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the estimates and their covariance, with the optimum proved."""
    estimates = np.zeros(levels.size)
    estimates[0] = np.log(y.sum() / (n.sum() - y.sum()))
    near = False
    for _ in range(MAX_ITERATIONS):
        eta = levels.logit(estimates)
        if np.abs(eta).max() > LARGEST:
            break
        p = 1 / (1 + np.exp(-eta))
        score, information = levels.score(y - n * p), levels.information(n * p * (1 - p))
        root = np.sqrt(np.diag(information))
        inverse = _inverse(information / np.outer(root, root)) / np.outer(root, root)
        if near:
            return estimates, inverse
        step = inverse @ score
        near = float(score @ step) < CONVERGED**2
        estimates = estimates + step if near else _uphill(levels, n, y, estimates, step)
    raise FitError(
        "the terms tell of some patients exactly whether they have the event",
        ["Leave out a term, or join levels in which all or none have it."],
    )


def _inverse(information: Floats) -> Floats:
    if np.linalg.eigvalsh(information)[0] < 1e-10:
        raise FitError("levels of two terms are the same patients", ["Leave out one of the terms."])
    return np.asarray(np.linalg.inv(information))


def _uphill(levels: _Levels, n: Floats, y: Floats, estimates: Floats, step: Floats) -> Floats:
    """Return the first point on the halved step with a higher likelihood."""

    def loglik(at: Floats) -> float:
        eta = levels.logit(at)
        return float(y @ eta - n @ np.logaddexp(0, eta))

    start = loglik(estimates)
    for halving in range(MAX_HALVINGS):
        trial = estimates + step / 2**halving
        if loglik(trial) >= start - 1e-12 * abs(start):
            return trial
    return estimates


def _fit_of(
    coded: Sequence[_Coded], estimates: Floats, covariance: Floats, n_cells: int, notes: tuple[str, ...]
) -> CellFit:
    rows, start = [], 1
    for term in coded:
        own = dict(zip(term.levels, [0.0, *estimates[start : start + len(term.levels) - 1]], strict=True))
        start += len(term.levels) - 1
        rows += [
            (term.name, level, joined, own[joined], int(tries), int(events))
            for level, joined, tries, events in zip(term.given, term.joined, term.tries, term.events, strict=True)
        ]
    eta = _Levels.of(coded, n_cells).logit(estimates)
    terms = pd.DataFrame(rows, columns=["term", "level", "joined", "estimate", "tries", "events"])
    return CellFit(float(estimates[0]), terms, covariance, 1 / (1 + np.exp(-eta)), notes)
