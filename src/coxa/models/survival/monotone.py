"""Whether a partial likelihood rises without end in a direction, decided by a linear program."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, vstack

from coxa.models.survival.partial import Stratum

RISES = 1e-7
"""Slope at zero, per event and for covariates in standard deviations, below which a direction is none."""


def endless_direction(parts: list[Stratum], gradient: np.ndarray) -> np.ndarray | None:
    """Return a direction in which the likelihood rises without end, or None.

    Parameters
    ----------
    parts : list of Stratum
        The strata.
    gradient : (p,)
        Of minus the log likelihood where no covariate matters.

    Notes
    -----
    It rises without end along g where every event is that of a row with the highest g'x of all at risk, and not all of
    them are alike. The sum of what the others are behind is, up to shares, the slope at zero: it is what is maximised.
    """
    p = gradient.size
    blocks = [_constraints(part) for part in parts]
    tops = sum(free.shape[1] for _, free in blocks)
    rows, before = [], 0
    for fixed, free in blocks:
        left = csr_array((free.shape[0], before))
        right = csr_array((free.shape[0], tops - before - free.shape[1]))
        rows.append(hstack([fixed, left, free, right]))
        before += free.shape[1]
    above: Any = vstack(rows).tocsr()
    bounds = [(-1, 1)] * p + [(None, None)] * tops
    cost = np.append(gradient, np.zeros(tops))
    found: Any = linprog(cost, A_ub=above, b_ub=np.zeros(above.shape[0]), bounds=bounds, method="highs")
    events = sum(part.at.size for part in parts)
    return found.x[:p] if found.status == 0 and -found.fun > RISES * events else None


def _constraints(part: Stratum) -> tuple[csr_array, csr_array]:
    """Return rows that are at most 0, in g and in the highest g'x at each time of events.

    Who is at risk is at most the highest of its last time, and each highest is at most the one before it; with late
    entry, at most the highest of each of its times. Who has the event is at least the highest of its time.
    """
    times, until = part.from_time.size, part.until
    late = bool((part.before > 0).any())
    if late:
        pairs = [(i, k) for i in range(until.size) for k in range(part.before[i], until[i])]
        who, when = np.array(pairs).T
    else:
        who = np.flatnonzero(until > 0)
        when = until[who] - 1
    happened = np.flatnonzero(part.event)
    fixed = np.vstack([part.x[who], -part.x[happened]])
    column = np.concatenate([when, part.tied[happened]])
    sign = np.repeat([-1.0, 1.0], [who.size, happened.size])
    free = csr_array((sign, (np.arange(column.size), column)), shape=(column.size, times))
    if late or times == 1:
        return csr_array(fixed), free
    step = np.arange(times - 1)
    down = csr_array((np.repeat([1.0, -1.0], times - 1), (np.tile(step, 2), np.append(step + 1, step))))
    return vstack([csr_array(fixed), csr_array((times - 1, part.x.shape[1]))]), vstack([free, down])
