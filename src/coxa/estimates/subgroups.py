"""Does the difference between arms differ between subgroups? From one joint model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from coxa.errors import OptionError, check_level
from coxa.estimates.differences import compared
from coxa.estimates.means import described, kept, numbers, visit_of
from coxa.estimates.reference_grid import Averaging, check_factor, check_fit, counted_at, reference_grid
from coxa.estimates.table import Estimates
from coxa.models.results.fit import Fit


def subgroup_contrasts(
    fit: Fit,
    subgroup: str,
    over: str = "arm",
    *,
    against: str | None = None,
    by: str | None = "visit",
    averaging: Averaging = "equal",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the difference between arms in each subgroup, how these differ, and test whether they do.

    Parameters
    ----------
    fit : Fit
        A model of all subgroups together in which `subgroup` interacts with `over`: ``change ~ arm * visit * sex``.
    subgroup : str
        Factor whose levels are the subgroups.
    over, against, by, averaging, conf_level
        As in `coxa.estimates.contrasts`.

    Returns
    -------
    Estimates
        ``subgroup_difference``: arm less reference in each subgroup, `analysis` ``sex=female``.
        ``difference_between_subgroups``: the later level's difference less the earlier's, ``sex=male-female``.
        ``interaction_test``: F of all differences between subgroups, ``sex=*``; at each visit where the model
        lets them differ by visit, and over all visits together with an empty `visit`.

    Raises
    ------
    OptionError
        A factor or option is not allowed, or the model has no interaction of `subgroup` and `over`.

    Notes
    -----
    A difference in one subgroup and none in another is no evidence that they differ; the interaction test is
    (Altman & Bland, BMJ 2003, 326:219; Wang et al., NEJM 2007, 357:2189-2194).

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(8), "arm": list("aabbaabb"), "sex": list("ffffmmmm")})
    >>> d["y"] = [1.0, 2, 3, 5, 1, 3, 8, 9]
    >>> e = subgroup_contrasts(fit_ancova("y ~ arm * sex", d), "sex", against="a")
    >>> e.frame.set_index("analysis")["estimate"].dropna().round(6).to_dict()
    {'sex=f': 2.5, 'sex=m': 6.5, 'sex=m-f': 4.0}
    """
    check_level(conf_level)
    check_fit(fit)
    check_factor(fit, subgroup)
    check_interaction(fit, subgroup, over)
    grid = reference_grid(fit, [subgroup, *kept(fit, over, by)], averaging=averaging)
    cells = dict(zip(grid.keys, grid.rows, strict=True))
    rests = list(dict.fromkeys(key[2:] for key in grid.keys))
    pairs = compared(list(fit.design.levels[over]), against)
    groups = list(fit.design.levels[subgroup])
    differences = {
        (g, a, b, *rest): cells[g, a, *rest] - cells[g, b, *rest] for rest in rests for a, b in pairs for g in groups
    }
    between = {
        (h, g, a, b, *rest): differences[h, a, b, *rest] - differences[g, a, b, *rest]
        for rest in rests
        for a, b in pairs
        for g, h in combinations(groups, 2)
    }
    method = f"one model of all levels of {subgroup}; {described(fit, over, by, averaging, None)}"
    shared = {"outcome": fit.outcome, "method": method, "warning": "; ".join(fit.warnings)}
    found = numbers(fit, np.array([*differences.values(), *between.values()]), conf_level)
    rows: list[dict[str, Any]] = []
    for (g, a, b, *rest), row in zip(differences, found, strict=False):
        named = labels(fit, a, b, rest, f"{subgroup}={g}")
        rows.append({**row, **shared, **named, **counted(fit, {over: (a, b), subgroup: (g,)}, rest)})
    for (h, g, a, b, *rest), row in zip(between, found[len(differences) :], strict=True):
        named = labels(fit, a, b, rest, f"{subgroup}={h}-{g}") | {"term": "difference_between_subgroups"}
        rows.append({**row, **shared, **named, **counted(fit, {over: (a, b), subgroup: (g, h)}, rest)})
    rows += [{**shared, **row} for row in interaction_tests(fit, subgroup, between, rests)]
    return Estimates.of(rows)


def check_interaction(fit: Fit, subgroup: str, over: str) -> None:
    """Raise OptionError unless some term of the model has both factors."""
    if subgroup == over:
        raise OptionError(f"'{over}' is what is compared. Choose another factor as the subgroup.")
    if not any({subgroup, over} <= set(term.split(":")) for term in fit.design.terms):
        visit = f" * {fit.sample.visit_column}" if fit.sample.visit_column else ""
        raise OptionError(
            f"The model has no interaction of {over} and {subgroup}, so its differences are the same in every "
            f"subgroup. Fit it with '{over}{visit} * {subgroup}' in the formula."
        )


def labels(fit: Fit, arm: Any, reference: Any, rest: Sequence[Any], subgroup: str) -> dict[str, str]:
    """Return the columns that say what a row is."""
    return {
        "arm": str(arm),
        "reference": str(reference),
        "visit": visit_of(fit, (arm, *rest)),
        "term": "subgroup_difference",
        "analysis": subgroup,
    }


def counted(fit: Fit, levels: Mapping[str, Sequence[Any]], rest: Sequence[Any]) -> dict[str, int]:
    """Return participants of the levels named, and their rows at the visit."""
    people, rows = counted_at(fit, levels, rest[0] if rest else None)
    return {"n_participants": people, "n_observations": rows}


def interaction_tests(
    fit: Fit, subgroup: str, between: Mapping[tuple[Any, ...], np.ndarray], rests: Sequence[tuple[Any, ...]]
) -> Iterator[dict[str, Any]]:
    """Yield the F tests that all differences between subgroups are zero: at each visit, and at all together."""
    asked = {rest: np.array([row for key, row in between.items() if key[4:] == rest]) for rest in rests}
    first = next(iter(asked.values()))
    if len(asked) == 1:
        yield tested(fit, subgroup, first, visit_of(fit, ("", *rests[0])))
        return
    if not all(np.allclose(rows, first) for rows in asked.values()):
        for rest, rows in asked.items():
            yield tested(fit, subgroup, rows, str(rest[0]))
    yield tested(fit, subgroup, np.concatenate(list(asked.values())), "")


def tested(fit: Fit, subgroup: str, rows: np.ndarray, visit: str) -> dict[str, Any]:
    """Return the row of one joint test."""
    joint = fit.joint_test(rows)
    return {
        "analysis": f"{subgroup}=*",
        "visit": visit,
        "term": "interaction_test",
        "df": joint.df_denominator,
        "statistic": joint.statistic,
        "p_value": joint.p_value,
        "n_participants": fit.n_participants,
        "n_observations": fit.n_observations,
        "method": f"{fit.method}; F test of the interaction with {joint.df} numerator degrees of freedom",
    }
