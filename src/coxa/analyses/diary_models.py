"""Models of the days of a diary: what moves with an outcome within participants, and what differs between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.models import Fit, GEEFit, fit_gee, fit_lmm
from coxa.study.diary import FLARE, YESTERDAY, DiaryModel

PARTS = ("within", "between")


@dataclass(frozen=True, slots=True)
class DiaryEffects:
    """What a model of days found.

    effects : one row per column asked about and part: column (of `yesterday`: with that ending), part (within or
              between), per, estimate, conf_low, conf_high, p_value; differences in the unit of the outcome, or odds
              ratios
    ratios  : whether the effects are odds ratios
    n_participants, n_days : behind the fit
    events  : days on which a flare begins, of a model of flares
    call    : the recorded call of the fit
    """

    effects: pd.DataFrame
    ratios: bool
    n_participants: int
    n_days: int
    events: int | None
    call: str


def diary_formula(model: DiaryModel, with_arms: bool) -> str:
    """Return the formula of a model of days.

    Examples
    --------
    >>> diary_formula(DiaryModel.model_validate({"outcome": "pain", "yesterday": "training_load"}), with_arms=True)
    'pain ~ arm * week + training_load_yesterday_within + training_load_yesterday_between + (1 | participant_id)'
    """
    over_time = ("arm + week" if model.outcome == FLARE else "arm * week") if with_arms else "week"
    terms = [over_time, *model.adjust, *(f"{column}_{part}" for column in columns_of(model) for part in PARTS)]
    if model.outcome != FLARE:
        terms.append("(week | participant_id)" if model.slopes else "(1 | participant_id)")
    return f"{model.outcome} ~ {' + '.join(terms)}"


def columns_of(model: DiaryModel) -> list[str]:
    """Return the columns that a model asks about, as they are called in its rows."""
    return [*(f"{column}_{YESTERDAY}" for column in model.yesterday), *model.same_day]


def fit_diary_model(model: DiaryModel, rows: pd.DataFrame) -> DiaryEffects:
    """Fit a model of days to its rows.

    Parameters
    ----------
    model
        One of `diary: models` of a plan.
    rows : DataFrame
        From `coxa.derive.diary_rows.diary_rows`.

    Returns
    -------
    DiaryEffects
        Of a number a linear mixed model: random intercepts (and slopes, if asked for), days nearer to each other more
        alike (`sp_exp` over the study day), Satterthwaite. Of flares a logistic GEE with Kauermann and Carroll's
        variance over participants.

    Raises
    ------
    FitError
        The model cannot be fitted; the message says why, with remedies.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": np.repeat(list("abcdefgh"), 20), "study_day": np.tile(range(20), 8)})
    >>> d["sleep_hours_within"] = np.tile([1.0, -1.0], 80)
    >>> d["sleep_hours_between"] = np.repeat([-1.0, 0.0, 1.0, 0.0, 0.5, -0.5, 0.2, -0.2], 20)
    >>> d = d.assign(week=d["study_day"] / 7, pain=4 - 0.5 * d["sleep_hours_within"] + rng.normal(0, 0.1, 160))
    >>> found = fit_diary_model(DiaryModel.model_validate({"outcome": "pain", "same_day": "sleep_hours"}), d)
    >>> found.effects.loc[0, ["column", "part"]].tolist(), round(float(found.effects.loc[0, "estimate"]), 1)
    (['sleep_hours', 'within'], -0.5)
    """
    ratios, formula = model.outcome == FLARE, diary_formula(model, "arm" in rows)
    fit: GEEFit | Fit
    if ratios:
        fit = fit_gee(formula, rows, vcov="KC")
    else:
        fit = fit_lmm(formula, rows, covariance="sp_exp", time="study_day", ddf="satterthwaite")
    sizes = {str(name): size for name, size in model.per.items()}
    asked = pd.DataFrame(
        [
            (column, part, sizes.get(column.removesuffix(f"_{YESTERDAY}"), 1.0), f"{column}_{part}")
            for column in columns_of(model)
            for part in PARTS
        ],
        columns=["column", "part", "per", "term"],
    )
    found = fit.tidy()[["term", "estimate", "conf_low", "conf_high", "p_value"]]
    frame = asked.merge(found, on="term", how="left", validate="one_to_one").drop(columns="term")
    if ratios:
        numbers = ["estimate", "conf_low", "conf_high"]
        frame[numbers] = np.exp(frame[numbers])
    return DiaryEffects(
        effects=frame,
        ratios=ratios,
        n_participants=int(rows["participant_id"].nunique()),
        n_days=len(rows),
        events=int(rows[FLARE].sum()) if ratios else None,
        call=fit.spec.call(),
    )
