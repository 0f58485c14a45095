"""Carry out the plan of a meta-analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from coxa.errors import CoxaError, FitError
from coxa.meta.pooled import PooledEffect, pool_effects
from coxa.meta.review.answer import Answer, answer, combined
from coxa.meta.review.effect import StudyEffect, study_effects
from coxa.meta.small_studies import Egger, TrimFill, egger_test, trim_and_fill
from coxa.meta.studies import trial_influence
from coxa.meta.subgroups import Subgroups, pool_subgroups
from coxa.study.pool.plan import PoolPlan
from coxa.study.pool.read import read_pool

FEWEST_FOR_ASYMMETRY = 10
"""Trials below which asymmetry of a funnel is not tested (Cochrane Handbook 13.3)."""


@dataclass(frozen=True, slots=True)
class Review:
    """A meta-analysis carried out.

    plan        : what was asked
    effects     : of all comparisons that have an effect
    left_out    : of comparisons without one, such as no event in either arm
    main        : the answer
    sensitivity : the same in other ways, those of the plan after those that every review has
    without     : the answer without each trial in turn
    influence   : of each trial; see `coxa.meta.trial_influence`; None of one trial
    subgroups   : name -> subgroups of trials
    moderators  : meta-regression on the moderators of the plan; None without, or with too few trials
    egger, filled : None with too few trials
    notes       : what could not be done, in sentences

    Examples
    --------
    >>> from coxa.meta import pool_studies
    >>> from coxa.study import PoolPlan
    >>> study = {"source": "paper", "estimate": -7.4, "interval": [-11.8, -3.0]}
    >>> review = pool_studies(PoolPlan.model_validate({
    ...     "pool": "tiny", "title": "Tiny", "outcome": {"label": "Pain", "measure": "md", "higher_is_better": False},
    ...     "studies": {"krauss_2014": study},
    ... }))
    >>> review.trials, review.notes[0].split(":")[0]
    (('krauss_2014',), 'Asymmetry of the funnel is not tested')
    """

    plan: PoolPlan
    effects: tuple[StudyEffect, ...]
    left_out: tuple[StudyEffect, ...]
    main: Answer
    sensitivity: tuple[Answer, ...]
    without: tuple[Answer, ...]
    influence: pd.DataFrame | None
    subgroups: dict[str, Subgroups]
    moderators: PooledEffect | None
    egger: Egger | None
    filled: TrimFill | None
    notes: tuple[str, ...]

    @property
    def trials(self) -> tuple[str, ...]:
        """Names of the trials, in the order of the plan."""
        return tuple(dict.fromkeys(one.trial for one in self.effects))

    def trial_label(self, trial: str) -> str:
        """Return the label of a trial: of its only comparison, or what the labels of its comparisons share."""
        labels = [one.label for one in self.effects if one.trial == trial]
        shared = labels[0] if len(labels) == 1 else _shared(labels)
        return shared or trial.replace("_", " ")


def pool_studies(plan: PoolPlan | str | Path) -> Review:
    """Carry out the plan of a meta-analysis.

    Parameters
    ----------
    plan
        From `coxa.study.read_pool`, or the path of its file.

    Returns
    -------
    Review

    Raises
    ------
    PlanError
        The file has faults.
    CoxaError
        A study has not the numbers that the measure needs; the message names it.

    Examples
    --------
    >>> from coxa.study import PoolPlan
    >>> def study(estimate, low, high):
    ...     return {"source": "paper", "estimate": estimate, "interval": [low, high]}
    >>> review = pool_studies(PoolPlan.model_validate({
    ...     "pool": "tiny", "title": "Tiny", "outcome": {"label": "Pain", "measure": "md", "higher_is_better": False},
    ...     "studies": {"krauss_2014": study(-7.4, -11.8, -3.0), "fransen_2007": study(-6.5, -12.7, -0.4)},
    ... }))
    >>> round(review.main.estimate, 1), review.main.trials
    (-7.1, 2)
    """
    plan = plan if isinstance(plan, PoolPlan) else read_pool(plan)
    every = study_effects(plan)
    effects = tuple(one for one in every if math.isfinite(one.estimate))
    left_out = tuple(one for one in every if not math.isfinite(one.estimate))
    if not effects:
        raise CoxaError("No study has an effect. Give studies with events, or pool `rd`.")
    main, notes = answer(effects, plan.model), list[str]()
    enough = main.trials >= FEWEST_FOR_ASYMMETRY
    if not enough:
        notes.append(
            f"Asymmetry of the funnel is not tested: {main.trials} trials are fewer than {FEWEST_FOR_ASYMMETRY}, and "
            "the test would find little."
        )
    return Review(
        plan=plan, effects=effects, left_out=left_out, main=main, sensitivity=tuple(_sensitivity(plan, effects)),
        without=tuple(_without(plan, effects)), influence=trial_influence(main.pooled) if main.trials > 1 else None,
        subgroups={name: _subgroups(plan, effects, name) for name in plan.subgroups},
        moderators=_moderators(plan, effects, notes),
        egger=egger_test(main.pooled.y, main.pooled.v) if enough else None,
        filled=trim_and_fill(main.pooled) if main.trials >= 3 else None,
        notes=tuple(notes),
    )  # fmt: skip


def _sensitivity(plan: PoolPlan, effects: tuple[StudyEffect, ...]) -> Iterator[Answer]:
    """Yield what every review has (another test, one effect, one estimate per trial), and what the plan asks for."""
    model = plan.model
    nested = len({one.trial for one in effects}) < len(effects)
    if nested:
        other = "combine" if model.several == "three-level" else "three-level"
        said = "One combined estimate for each trial" if other == "combine" else "Three-level model, robust errors"
        yield answer(effects, model.model_copy(update={"several": other}), said)
    if model.method != "fixed":
        changes = {"method": "fixed", "test": "z", "several": "combine"}
        yield answer(effects, model.model_copy(update=changes), "One effect of all trials (fixed)")
    if (model.method, model.test) != ("dersimonian-laird", "z"):
        changes = {"method": "dersimonian-laird", "test": "z", "several": "combine"}
        yield answer(effects, model.model_copy(update=changes), "DerSimonian and Laird, normal interval")
    for one in plan.sensitivity.values():
        kept = tuple(each for each in effects if each.name not in one.exclude)
        changes = {key: getattr(one, key) for key in ("method", "test", "several", "correlation")}
        if kept:
            yield answer(kept, model.model_copy(update={k: v for k, v in changes.items() if v is not None}), one.label)


def _without(plan: PoolPlan, effects: tuple[StudyEffect, ...]) -> Iterator[Answer]:
    trials = list(dict.fromkeys(one.trial for one in effects))
    for trial in trials if len(trials) > 1 else ():
        yield answer(tuple(one for one in effects if one.trial != trial), plan.model, trial)


def _by_trial(plan: PoolPlan, effects: tuple[StudyEffect, ...], name: str) -> list[float | str] | None:
    """Return the value of a moderator of each trial; None where comparisons of a trial differ."""
    values: dict[str, set[float | str]] = {}
    for one in effects:
        values.setdefault(one.trial, set()).add(plan.studies[one.name].moderators[name])
    return None if any(len(each) > 1 for each in values.values()) else [next(iter(each)) for each in values.values()]


def _subgroups(plan: PoolPlan, effects: tuple[StudyEffect, ...], name: str) -> Subgroups:
    """Return subgroups of trials; where comparisons of a trial are in several, of comparisons."""
    spec_of = answer(effects, plan.model).pooled.spec
    values = _by_trial(plan, effects, name)
    if values is not None:
        y, v = combined(effects, plan.model.correlation)
        return pool_subgroups(y, v, list(map(str, values)), spec_of)
    each = [str(plan.studies[one.name].moderators[name]) for one in effects]
    return pool_subgroups([one.estimate for one in effects], [one.variance for one in effects], each, spec_of)


def _moderators(plan: PoolPlan, effects: tuple[StudyEffect, ...], notes: list[str]) -> PooledEffect | None:
    if not plan.moderators:
        return None
    columns = {name: _by_trial(plan, effects, name) for name in plan.moderators}
    y, v = combined(effects, plan.model.correlation)
    if any(values is None for values in columns.values()):
        columns = {name: [plan.studies[one.name].moderators[name] for one in effects] for name in plan.moderators}
        y, v = np.array([one.estimate for one in effects]), np.array([one.variance for one in effects])
    if len(y) < len(columns) + 2:
        notes.append(f"Meta-regression on {', '.join(columns)} needs more trials than the {len(y)} that there are.")
        return None
    model = plan.model
    try:
        return pool_effects(
            y, v, moderators=pd.DataFrame(columns), method=model.method, test=model.test, level=model.level
        )
    except FitError as error:
        notes.append(f"Meta-regression: {error}")
        return None


def _shared(labels: list[str]) -> str:
    """Return the words with which all labels begin."""
    words = [label.replace(",", "").replace(":", "").split() for label in labels]
    kept: list[str] = []
    for row in zip(*words, strict=False):
        if len(set(row)) > 1:
            break
        kept.append(row[0])
    return " ".join(kept)
