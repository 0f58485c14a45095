"""Goals as arrays: the rating, level or attainment of each goal at each visit, from the outcomes drawn of them.

Arrays: n participants, m visits, g goals; NaN at visits that did not take place.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.what_follows import RATED
from coxa.simulate.seeds import generator
from coxa.study.outcome_sources.goals import CENTRE, GOALS_EACH, WIDTH, GoalSource

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Goals = Mapping[str | None, Mapping[str, Floats]]
"""Term of three goals (None where goals have none) -> column -> (n, m, 3) its numbers; met is 1 or 0."""


def goals_of(design: TrialDesign, drawn: DrawnTrial, *, complete: bool = False) -> Goals:
    """Return the goals from which the outcomes of goals that were drawn come out.

    Raises
    ------
    OptionError
        Two outcomes that are both assumed are of the same goals, so that they need not agree.
    """
    found: dict[str | None, dict[str, Floats]] = {}
    of: dict[tuple[str | None, str], str] = {}
    for k, name in enumerate(design.outcomes):
        source = design.study.outcomes[name].source
        if not isinstance(source, GoalSource) or name in design.follows:
            continue
        column = RATED.get(source.take, "achieved")
        if (source.term, column) in of:
            raise OptionError(
                f"Outcomes `{of[source.term, column]}` and `{name}` are both assumed of `{column}` of the same goals, "
                "and would contradict each other. Take one of them out of `assumptions: outcomes`, so that it follows "
                "from the other."
            )
        of[source.term, column] = name
        value = (drawn.complete if complete else drawn.value)[:, k]
        rng = generator(f"goals of {name}", drawn.seed)
        there = np.isfinite(value)
        numbers = _each(np.where(there, value, 0.0).ravel(), source, rng).reshape(*value.shape, GOALS_EACH)
        found.setdefault(source.term, {})[column] = np.where(there[..., None], numbers, np.nan)
    if None in found and len(found) > 1 and not _shared_out(found):
        everything, others = (", ".join(name for key, name in of.items() if (key[0] is None) is all_terms)
                              for all_terms in (True, False))  # fmt: skip
        raise OptionError(
            f"Outcomes of goals of all terms ({everything}) and of one term ({others}) are both assumed, and would "
            f"contradict each other. Take {everything} out of `assumptions: outcomes`, so that it follows from the "
            "goals of each term."
        )
    return found


def _shared_out(found: dict[str | None, dict[str, Floats]]) -> bool:
    """Give the goals of each term what was drawn of goals of all terms, so that all of them together have it.

    Return False, and change nothing, where a term has the same column of its own, or where a score of levels is of the
    goals of two terms: it is not that of the goals of one.
    """
    terms = [term for term in found if term is not None]
    every = found[None]
    if any(column in found[term] for term in terms for column in every):
        return False
    if "attainment" in every and len(terms) > 1:
        return False
    for term in terms:
        found[term] |= every
    del found[None]
    return True


def met_or_rated(goals: Goals, source: GoalSource) -> Floats:
    """Return (n, m) what is taken of goals, of one term or of all.

    Examples
    --------
    >>> goals = {"short": {"achieved": np.array([[[1.0, 0.0, 0.0]]])}, "long": {"achieved": np.array([[[1, 1, 1.0]]])}}
    >>> met_or_rated(goals, GoalSource.model_validate({"table": "goals", "take": "share_met"})).round(1).tolist()
    [[66.7]]
    """
    column = RATED.get(source.take, "achieved")
    terms = [source.term] if source.term in goals and source.term is not None else list(goals)
    lacking = [term for term in terms if column not in goals[term]]
    if lacking:
        raise OptionError(
            f"`take: {source.take}` of all goals needs `{column}` of each of them, and those of term {lacking[0]} "
            "have none. Add an outcome of these goals, or a `term` to the source."
        )
    each = np.concatenate([goals[term][column] for term in terms], axis=2)
    number = each.shape[2]
    match source.take:
        case "mean_rating":
            return np.asarray(each.mean(axis=2))
        case "attainment":
            spread = np.sqrt((1.0 - source.correlation) * number + source.correlation * number**2)
            return np.asarray(CENTRE + WIDTH * each.sum(axis=2) / spread)
        case "share_met":
            return np.asarray(100.0 * each.mean(axis=2))
        case "all_met":
            return np.asarray(each.min(axis=2))
        case _:
            return np.asarray(each.max(axis=2))


def _each(value: Floats, source: GoalSource, rng: np.random.Generator) -> Counts:
    """Return (r, g) the rating or level of each goal, or whether it is met (1 or 0), of values (r,)."""
    if source.take == "attainment":
        grid = source.grid
        assert grid is not None
        return apportioned(np.round((value - CENTRE) / grid.step).astype(int), rng)
    if source.take == "mean_rating":
        return apportioned(np.round(GOALS_EACH * value).astype(int), rng)
    if source.take == "share_met":
        met = np.round(GOALS_EACH * value / 100.0).astype(int)
    elif source.take == "all_met":
        met = np.where(value > 0, GOALS_EACH, rng.integers(0, GOALS_EACH, len(value)))
    else:
        met = np.where(value > 0, rng.integers(1, GOALS_EACH + 1, len(value)), 0)
    return np.asarray(np.arange(GOALS_EACH) < met[:, None], dtype=np.int64)


def apportioned(total: Counts, rng: np.random.Generator) -> Counts:
    """Return (r, g) whole numbers of each goal whose sum is the total (r,), as even as can be, in a random order.

    Examples
    --------
    >>> apportioned(np.array([7, -1]), np.random.default_rng(0)).sum(axis=1).tolist()
    [7, -1]
    """
    base, rest = np.divmod(total, GOALS_EACH)
    order = rng.random((len(total), GOALS_EACH)).argsort(axis=1)
    return np.asarray(base[:, None] + (order < rest[:, None]), dtype=np.int64)
