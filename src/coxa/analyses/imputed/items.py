"""Items that a participant left unanswered, imputed before the score is taken, where the instrument's rule has a score.

The answers of a visit are imputed by chained equations with predictive mean matching from the other answers of the
form, after baseline with the arm: an imputed answer is one that another participant gave. Forms with fewer answers than
the rule asks for have no score, and their items are not imputed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.analyses.methods.method import options_of
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.impute import impute_covariates
from coxa.instruments import load_instrument
from coxa.instruments.scoring import score_scale
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation
from coxa.study.scales import scale_name

CLOSE = 1e-9
"""Largest difference of a recorded score from that of the rule."""

KEYS = ["participant_id", "visit"]


@dataclass(frozen=True, slots=True)
class ImputedItems:
    """Scores with imputed items, and what was imputed.

    scores : participant_id, visit, `by_rule` and `imputed`, of the forms whose items were imputed
    table  : one row per visit: `visit, forms, n_forms, items, n_items`: forms with a score, those with imputed items,
             answers asked for in them all, and answers imputed
    """

    scores: pd.DataFrame
    table: pd.DataFrame


def imputed_items(planned: PlannedAnalysis, dataset: AnalysisRows) -> ImputedItems | None:
    """Return what was imputed of an analysis with `items: impute`; None of another, and of rows without answers."""
    answers = getattr(dataset, "items", None)
    if options_of(planned, Imputation).items != "impute" or answers is None or not len(answers):
        return None
    kept = getattr(dataset, "derived", {})
    key = ("imputed items", planned.name)
    if key not in kept:
        kept[key] = _imputed(planned, dataset, answers)
    found = kept[key]
    assert isinstance(found, ImputedItems)
    return found


def _imputed(planned: PlannedAnalysis, dataset: AnalysisRows, answers: pd.DataFrame) -> ImputedItems:
    study, outcome = planned.study, planned.study.outcomes[planned.outcome_name]
    codes = [name for name in answers.columns if name not in KEYS]
    arms = dataset.frame.drop_duplicates("participant_id").set_index("participant_id")["arm"].astype(str)
    mine = answers[answers["participant_id"].isin(arms.index)]
    scores, rows = [], []
    for visit in (name for name in study.visits if (mine["visit"] == name).any()):
        forms = mine[mine["visit"] == visit].reset_index(drop=True)
        by_rule = _score(outcome, codes, forms[codes].to_numpy(dtype=float))
        scored = forms[~np.isnan(by_rule)].reset_index(drop=True)
        by_rule = by_rule[~np.isnan(by_rule)]
        lacks = scored[codes].isna()
        partly = lacks.any(axis=1).to_numpy()
        given = scored[codes]
        if visit != study.baseline_visit:
            given = given.assign(group=scored["participant_id"].map(arms))
        try:
            seed = options_of(planned, Imputation).seed
            filled = impute_covariates(given, list(given.columns), seed=seed).data[codes] if partly.any() else given
        except FitError:
            partly = np.zeros(len(scored), dtype=bool)
        if partly.any():
            value = _score(outcome, codes, filled[codes].to_numpy(dtype=float))
            scores.append(scored.loc[partly, KEYS].assign(by_rule=by_rule[partly], imputed=value[partly]))
        n = int(lacks.to_numpy()[partly].sum())
        rows.append((visit, len(scored), int(partly.sum()), len(scored) * len(codes), n))
    table = pd.DataFrame(rows, columns=["visit", "forms", "n_forms", "items", "n_items"])
    none = pd.DataFrame(columns=[*KEYS, "by_rule", "imputed"])
    return ImputedItems(pd.concat(scores, ignore_index=True) if scores else none, table)


def _score(outcome: object, codes: list[str], answers: np.ndarray) -> np.ndarray:
    """Return the scores of forms (n, items), NaN where the rule has none."""
    name, rule = getattr(outcome, "instrument"), getattr(outcome, "rule")  # noqa: B009
    instrument = load_instrument(str(name))
    every = np.full((len(answers), len(instrument.items)), np.nan)
    every[:, [instrument.items.index(code) for code in codes]] = answers
    version = instrument.choose_version(getattr(outcome, "version"))  # noqa: B009
    asked = np.ones(every.shape, dtype=bool)
    scale = scale_name(outcome)  # type: ignore[arg-type]
    return score_scale(every, asked, instrument, scale, version, instrument.choose_rule(rule)).value


def with_items(planned: PlannedAnalysis, dataset: AnalysisRows) -> pd.DataFrame:
    """Return the rows with the scores of imputed items in place of those of the rule, and changes from them.

    A value that a strategy for an intercurrent event has replaced stays.
    """
    found = imputed_items(planned, dataset)
    if found is None or found.scores.empty:
        return dataset.frame
    known = found.scores.set_index(KEYS)
    frame, start = dataset.frame, planned.study.baseline_visit
    keys = pd.MultiIndex.from_arrays([frame["participant_id"].astype(str), frame["visit"].astype(str)])
    before = pd.MultiIndex.from_arrays([frame["participant_id"].astype(str), np.full(len(frame), start)])
    value = _replaced(frame["value"], known.reindex(keys))
    baseline = _replaced(frame["baseline"], known.reindex(before))
    change = value - baseline
    percent = 100 * change / baseline.where(baseline != 0)
    return frame.assign(value=value, baseline=baseline, change=change, percent_change=percent)


def _replaced(values: pd.Series, known: pd.DataFrame) -> pd.Series:
    """Return values with imputed scores where they are those of the rule."""
    own = values.astype(float).to_numpy()
    same = np.abs(own - known["by_rule"].to_numpy(dtype=float)) < CLOSE
    return pd.Series(np.where(same, known["imputed"].to_numpy(dtype=float), own), index=values.index)
