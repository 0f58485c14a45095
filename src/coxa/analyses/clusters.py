"""Random effects of the plan on the rows of an analysis, and what is said where the clusters are few."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from coxa.errors import FewClustersError, FitError
from coxa.estimates import Estimates
from coxa.models.options import GLMCovariance
from coxa.sentences import join_words
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.wording import factor_words

FEWEST_DF = 4.0
"""Degrees of freedom below which a comparison cannot be relied on.

A t distribution with 4 or fewer has no fourth moment, limits at 3 are a seventh wider than at 4, and the degrees of
freedom are themselves estimated from the few clusters.
"""

WITHOUT_LIMITS = re.compile(r"; [^;]*limits[^;]*$")
"""What a method says of limits, at its end."""

ROBUST: GLMCovariance = "CR2"
"""The covariance by cluster of a generalised linear model in a plan: Kauermann and Carroll's correction for few."""

IGNORED = "the clusters that were randomised are not in this model: its standard error may be much too small"


def partially_nested(analysis: Analysis) -> dict[str, str]:
    """Return the factors that only some arms have, each with the column of the arms."""
    return {factor: "arm" for factor, options in analysis.factors.items() if options.only_in}


def clustered_rows(analysis: Analysis, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a factor set missing in arms that are meant to be without; findings have told of it.

    Raises
    ------
    FitError
        Nobody has the factor in an arm that is meant to have it, which the model would take for one without.
    """
    table = rows
    for factor, options in analysis.factors.items():
        if not options.only_in:
            continue
        having = rows["arm"].isin(list(options.only_in))
        there = set(rows.loc[having & rows[factor].notna(), "arm"].astype(str))
        empty = [arm for arm in options.only_in if arm not in there]
        if empty:
            raise FitError(
                f"no analysed row of {', '.join(empty)} has a {factor}, and the plan says that this arm has one",
                (
                    f"Look at the column `{factor}` of the participants, and at its mapping in the plan.",
                    f"Take the arm out of `only_in` of {factor}, if it has none.",
                ),
            )
        table = table.assign(**{factor: rows[factor].where(having)})
    return table


def checked_clusters(
    study: ComparativeStudy, name: str, estimates: Estimates, asked: pd.Series, rows: pd.DataFrame
) -> Estimates:
    """Return the numbers of an analysis with warnings where clusters are few, or are not in its model.

    Degrees of freedom count as few by the model, or by the number of levels: those of the model are estimated, and are
    many where the variance between few levels came out as zero by chance.

    Parameters
    ----------
    study, name
        The plan, and the name of the analysis.
    estimates
        Every number of it.
    asked
        Which of them are the comparisons that its estimand names.
    rows
        The rows with a response.

    Raises
    ------
    FewClustersError
        One of these has fewer than four degrees of freedom, the analysis is primary, and the plan does not accept it.
    """
    analysis, frame = study.analyses[name], estimates.frame
    if not analysis.factors:
        return _warned(estimates, pd.Series(study.design == "cluster", index=frame.index), IGNORED)
    most = most_df(analysis, frame, clustered_rows(analysis, rows))
    few = (frame["df"] < FEWEST_DF) | (most < FEWEST_DF)
    if analysis.role == "primary" and analysis.option("few_clusters") == "refuse" and (few & asked).any():
        raise _too_few(study, name, frame[few & asked], most)
    return _warned(estimates, few, few_words(study, name))


def observed_shares(analysis: Analysis, shares: Estimates) -> Estimates:
    """Return observed shares or rates of arms, without limits where participants are not independent."""
    if analysis.factor_key != "cluster" or not analysis.factors:
        return shares
    nothing = dict.fromkeys(("std_error", "conf_low", "conf_high"), float("nan"))
    methods = [WITHOUT_LIMITS.sub("", str(method)) for method in shares.frame["method"]]
    return Estimates(shares.frame.assign(**nothing, method=methods))


def robust_over(analysis: Analysis) -> dict[str, str]:
    """Return the options of `coxa.models.fit_glm` that make standard errors over the cluster of an analysis."""
    cluster = analysis.option("cluster")
    return {"vcov": ROBUST, "cluster": cluster} if cluster else {}


def most_df(analysis: Analysis, frame: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Return how many degrees of freedom the levels leave for each number; infinite where they set no limit.

    Levels of an arm less one, added up over the arms of the number. Levels that both arms of a comparison share drop
    out of it and set no limit, unless they have an effect for each arm.
    """
    most = pd.Series(float("inf"), index=frame.index)
    for factor, options in analysis.factors.items():
        known = rows[rows[factor].notna()]
        levels = {str(arm): set(of_arm) for arm, of_arm in known.groupby("arm", observed=True)[factor]}
        for row, sides in zip(frame.index, zip(frame["arm"], frame["reference"], strict=True), strict=True):
            own = [levels[side] for side in sides if side in levels]
            shared = len(own) == 2 and not options.by_arm and own[0] & own[1]
            if own and not shared:
                most[row] = min(most[row], sum(len(each) - 1 for each in own))
    return most


def few_words(study: ComparativeStudy, name: str) -> str:
    """Say that a number with few degrees of freedom cannot be relied on, and why."""
    return (
        f"too few levels of {_factors(study, name)} for interval and p-value to be relied on: they leave fewer than "
        f"{FEWEST_DF:g} degrees of freedom"
    )


def few_cluster_warnings(study: ComparativeStudy, name: str, rows: pd.DataFrame) -> list[str]:
    """Return the warning on planned comparisons (rows) with few degrees of freedom, and whose and when they are."""
    few = rows[rows["warning"].fillna("").str.contains(few_words(study, name), regex=False)]
    return [f"{join_words(list(_places(study, few)))}: {few_words(study, name)}"] if len(few) else []


def _factors(study: ComparativeStudy, name: str) -> str:
    return join_words([factor_words(study, factor) for factor in study.analyses[name].factors] or ["clusters"], "or")


def _places(study: ComparativeStudy, rows: pd.DataFrame) -> Iterator[str]:
    for arm, reference, visit in zip(rows["arm"], rows["reference"], rows["visit"], strict=True):
        when = f" at {study.label('visits', visit)}" if visit else ""
        yield f"{study.label('arms', arm)} against {study.label('arms', reference)}{when}"


def _too_few(study: ComparativeStudy, name: str, rows: pd.DataFrame, most: pd.Series) -> FewClustersError:
    told = "; ".join(
        f"{place} has {df:.1f}" + (f" by the model, and the number of levels leaves {limit:g}" if limit < df else "")
        for place, df, limit in zip(_places(study, rows), rows["df"], most[rows.index], strict=True)
    )
    return FewClustersError(
        f"analysis {name}: a primary comparison needs at least {FEWEST_DF:g} degrees of freedom, and with these "
        f"levels of {_factors(study, name)} {told}",
        (
            "Count the levels in each arm: what matters is their number, not that of participants.",
            (
                "Take terms that are constant within a level, such as the kind of clinic, out of `adjust`, "
                "because each costs a degree of freedom."
            ),
            "Include more of them, because more participants in the same ones hardly help.",
            (
                f"Write `few_clusters: accept` in analysis {name}, if this was foreseen. Each of its numbers then "
                "has this warning."
            ),
        ),
    )


def _warned(estimates: Estimates, where: pd.Series, words: str) -> Estimates:
    """Return the estimates with a warning added to some rows."""
    if not where.any():
        return estimates
    said = estimates.frame["warning"].fillna("").astype("object")
    said = said.mask(where, [f"{old}; {words}" if old else words for old in said])
    return Estimates(estimates.frame.assign(warning=said))
