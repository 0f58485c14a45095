"""Random effects of the plan on the rows of an analysis, and what is said where the clusters are few."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.errors import FewClustersError, FitError
from coxa.estimates import Estimates
from coxa.study import Study
from coxa.study.analysis import Analysis
from coxa.study.wording import factor_words, join_words

FEWEST_DF = 4.0
"""Degrees of freedom below which a comparison cannot be relied on.

A t distribution with 4 or fewer has no fourth moment, limits at 3 are a seventh wider than at 4, and the degrees of
freedom are themselves estimated from the few clusters.
"""

IGNORED = "the clusters that were randomised are not in this model: its standard error may be much too small"


def partially_nested(analysis: Analysis) -> dict[str, str]:
    """Return the factors that only some arms have, each with the column of the arms."""
    return {factor: "arm" for factor, options in analysis.random.items() if options.only_in}


def clustered_rows(analysis: Analysis, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a factor set missing in arms that are meant to be without; findings have told of it.

    Raises
    ------
    FitError
        Nobody has the factor in an arm that is meant to have it, which the model would take for one without.
    """
    table = rows
    for factor, options in analysis.random.items():
        if not options.only_in:
            continue
        having = rows["arm"].isin(list(options.only_in))
        there = set(rows.loc[having & rows[factor].notna(), "arm"].astype(str))
        empty = [arm for arm in options.only_in if arm not in there]
        if empty:
            raise FitError(
                f"no analysed row of {', '.join(empty)} has a {factor}, and the plan says that this arm has one",
                (
                    f"look at the column `{factor}` of the participants, and at its mapping in the plan",
                    f"take the arm out of `only_in` of {factor}, if it has none",
                ),
            )
        table = table.assign(**{factor: rows[factor].where(having)})
    return table


def checked_clusters(study: Study, name: str, estimates: Estimates, asked: pd.Series) -> Estimates:
    """Return the numbers of an analysis with warnings where clusters are few, or are not in its model.

    Parameters
    ----------
    study, name
        The plan, and the name of the analysis.
    estimates
        Every number of it.
    asked
        Which rows are the comparisons that its estimand names.

    Raises
    ------
    FewClustersError
        One of these has fewer than four degrees of freedom, the analysis is primary, and the plan does not accept it.
    """
    analysis, frame = study.analyses[name], estimates.frame
    if not analysis.random:
        return _warned(estimates, pd.Series(study.design == "cluster", index=frame.index), IGNORED)
    few = frame["df"] < FEWEST_DF
    if analysis.role == "primary" and analysis.few_clusters == "refuse" and (few & asked).any():
        raise _too_few(study, name, frame[few & asked])
    return _warned(estimates, few, few_words(study, name))


def few_words(study: Study, name: str) -> str:
    """Say that a number with few degrees of freedom cannot be relied on, and why."""
    return (
        f"fewer than {FEWEST_DF:g} degrees of freedom: the levels of {_factors(study, name)} are too few for interval "
        "and p-value to be relied on"
    )


def few_cluster_warnings(study: Study, name: str, rows: pd.DataFrame) -> list[str]:
    """Return the warning on planned comparisons (rows) with few degrees of freedom, and whose and when they are."""
    if not study.analyses[name].random or not (few := rows[rows["df"] < FEWEST_DF]).size:
        return []
    return [f"{join_words(list(_places(study, few)))}: {few_words(study, name)}"]


def _factors(study: Study, name: str) -> str:
    return join_words([factor_words(study, factor) for factor in study.analyses[name].random])


def _places(study: Study, rows: pd.DataFrame) -> Iterator[str]:
    for arm, reference, visit in zip(rows["arm"], rows["reference"], rows["visit"], strict=True):
        when = f" at {study.label('visits', visit)}" if visit else ""
        yield f"{study.label('arms', arm)} against {study.label('arms', reference)}{when}"


def _too_few(study: Study, name: str, rows: pd.DataFrame) -> FewClustersError:
    told = "; ".join(f"{place} has {df:.1f}" for place, df in zip(_places(study, rows), rows["df"], strict=True))
    return FewClustersError(
        f"analysis {name}: a primary comparison needs at least {FEWEST_DF:g} degrees of freedom, and with these "
        f"levels of {_factors(study, name)} {told}",
        (
            "count the levels in each arm: what matters is their number, not that of participants",
            "take terms that are constant within a level, such as the kind of clinic, out of `adjust`; each costs "
            "a degree of freedom",
            "include more of them; more participants in the same ones hardly help",
            f"write `few_clusters: accept` in analysis {name}, if this was foreseen: the numbers then stand, each "
            "with this warning",
        ),
    )


def _warned(estimates: Estimates, where: pd.Series, words: str) -> Estimates:
    """Return the estimates with a warning added to some rows."""
    if not where.any():
        return estimates
    said = estimates.frame["warning"].fillna("").astype("object")
    said = said.mask(where, [f"{old}; {words}" if old else words for old in said])
    return Estimates(estimates.frame.assign(warning=said))
