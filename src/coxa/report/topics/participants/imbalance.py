"""How unlike the arms or groups start: what of the baseline table is far apart, in the order of how far.

A cohort is judged by the usual bound of a standardised difference, since nothing made its groups alike. Arms of a trial
differ by chance, and only what is far beyond that, or large by itself, is named. Nothing is tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.once import once
from coxa.report.topics.participants.baseline import baseline_people, baseline_table, shown_at_baseline
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis, with_arms
from coxa.study.target_trial import adjusted_for
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell
from coxa.tables.prose import Prose, in_sentence, prose
from coxa.tables.table import Row

NEGLIGIBLE = 0.1
"""Largest standardised difference that is taken as balance; Austin, Statistics in Medicine 2009, 28:3083-3107."""
FAR = 0.5
"""Standardised difference that is named in a trial of any size: half a standard deviation."""
CHANCE = 3.0
"""Standard errors of chance, sqrt(1/n + 1/m), beyond which a smaller one is named in a trial as well."""
ROUNDING = 1e-9
"""What the last bits of a mean may add to a difference."""
MOST = 6
"""Variables that a sentence names; the baseline table has all of them."""

CENTRES = {"mean_sd": "mean", "median_iqr": "median"}
"""Rule of a cell of the baseline table -> the statistic that says where an arm is."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A variable of which an arm or group starts far from the reference.

    name       : of the covariate or outcome
    arm        : the arm or group; `reference` the one it is compared with
    difference : standardised; infinite where the two have nothing in common
    shown      : its cell in the baseline table
    centres    : mean or median of the arm and of the reference; empty for a category
    """

    name: str
    arm: str
    reference: str
    difference: float
    shown: Cell
    centres: tuple[Cell, ...] = ()


@once
def imbalances(cohort: Cohort) -> tuple[Imbalance, ...]:
    """Return what is far apart at baseline, the largest standardised difference first.

    Parameters
    ----------
    cohort
        Checked tables.

    Returns
    -------
    tuple of Imbalance
        In a cohort every standardised difference over 0.1. In a trial those over 0.5, and those over 0.1 that are more
        than three times as large as chance alone makes them (the square root of 1/n + 1/m).

    Examples
    --------
    >>> [found.name for found in imbalances(cohort)]  # doctest: +SKIP
    ['age', 'pain']
    """
    study = with_arms(cohort.study, "A comparison at baseline")
    people = baseline_people(cohort, shown_at_baseline(study), study.report.baseline_set)
    sizes = people["arm"].astype(str).value_counts().to_dict()
    known = people.notna().groupby(people["arm"].astype(str)).any()
    found = []
    for row in baseline_table(cohort, compared=True).rows():
        for one in _compared(row):
            if math.isnan(one.difference) and _known_in_both(known, one):
                one = replace(one, difference=math.inf)
            bound = _bound(study, sizes.get(one.arm, 0), sizes.get(one.reference, 0))
            if abs(one.difference) > bound + ROUNDING:
                found.append(one)
    return tuple(sorted(found, key=lambda one: -abs(one.difference)))


def imbalance_sentences(
    study: ComparativeStudy, found: Sequence[Imbalance], analyses: Sequence[PlannedAnalysis]
) -> list[Prose]:
    """Say what is far apart at baseline, arm by arm, and which of it the analyses do not adjust for.

    Parameters
    ----------
    study
        The plan.
    found
        From `imbalances`.
    analyses
        Those that the reader has before them, usually the primary ones.
    """
    words = study.words
    said = []
    for arm in dict.fromkeys(one.arm for one in found):
        mine = [one for one in found if one.arm == arm]
        named = in_sentence([_named(study, one) for one in mine[:MOST]])
        more = f"; {len(mine) - MOST} more are in the baseline table" if len(mine) > MOST else ""
        sides = f"{study.label('arms', arm)} against {study.label('arms', mine[0].reference)}"
        lead = f"The two {words.arms} start far apart" if words.allocates else f"The {words.arms} differ at baseline"
        said.append(prose(f"{lead} ({sides}; standardised differences): ", named, f"{more}."))
    return said + [_adjustment(found, planned) for planned in analyses if found]


def _compared(row: Row) -> Iterator[Imbalance]:
    """Yield the standardised differences of a row with the means or medians beside them."""
    centres = {
        at.arm: _centre(shown, at) for shown in row.cells if shown.rule in CENTRES for at in shown.statistics[:1]
    }
    for shown in row.cells:
        if shown.rule == "standardised":
            at = shown.statistics[0]
            sides = (at.arm, at.reference)
            both = tuple(centres[arm] for arm in sides if arm in centres)
            yield Imbalance(at.term, at.arm, at.reference, at.value, shown, both if len(both) == len(sides) else ())


def _known_in_both(known: pd.DataFrame, one: Imbalance) -> bool:
    """Say whether both sides have values; without a standardised difference they then have nothing in common."""
    sides = [one.arm, one.reference]
    return one.name in known and set(sides) <= set(known.index) and bool(known.loc[sides, one.name].all())


def _centre(shown: Cell, at: Statistic) -> Cell:
    """Return the mean or median of a cell of the baseline table, at its own address."""
    name = CENTRES[shown.rule]
    value = next(one.value for one in shown.statistics if one.name == name)
    return cell(name, {name: value}, replace(at, name=""), shown.decimals)


def _bound(study: ComparativeStudy, n: int, m: int) -> float:
    """Return the standardised difference beyond which a variable is named."""
    if not study.words.allocates:
        return NEGLIGIBLE
    chance = math.sqrt(1 / n + 1 / m) if n and m else math.inf
    return min(FAR, max(NEGLIGIBLE, CHANCE * chance))


def _named(study: ComparativeStudy, one: Imbalance) -> Prose:
    """Return "age 70.1 against 52.0 (2.05)", for a category "sex (0.42)"."""
    label = mid_sentence(_label(study, one))
    apart: Cell | str = "nothing in common" if math.isinf(one.difference) else one.shown
    if not one.centres:
        return prose(f"{label} (", apart, ")")
    return prose(f"{label} ", one.centres[0], " against ", one.centres[1], " (", apart, ")")


def _label(study: ComparativeStudy, one: Imbalance) -> str:
    return study.label("covariates" if one.name in study.covariates else "outcomes", one.name)


def _adjustment(found: Sequence[Imbalance], planned: PlannedAnalysis) -> Prose:
    """Say which of the imbalances an analysis does not adjust for; in a model its own outcome is called `baseline`."""
    study = planned.study
    named = "The primary analysis" if study.primary_analyses == (planned,) else f'The analysis "{planned.label}"'
    used = adjusted_for(planned)
    adjusted = {planned.outcome_name if name == "baseline" else name for name in used}
    names = list(dict.fromkeys(one.name for one in found))
    lacking = [_at_baseline(study, name) for name in names if name not in adjusted]
    if not lacking:
        every = _at_baseline(study, names[0]) if len(names) == 1 else "all of them"
        return prose(f"{named} adjusts for {every}.")
    shown = lacking if len(lacking) <= MOST else [*lacking[: MOST - 1], "others"]
    return prose(f"{named} does not adjust for {join_words(shown, 'or')}.")


def _at_baseline(study: ComparativeStudy, name: str) -> str:
    """Return "age", or of an outcome "hip pain at baseline"."""
    if name in study.covariates:
        return mid_sentence(study.label("covariates", name))
    return f"{mid_sentence(study.label('outcomes', name))} at baseline"
