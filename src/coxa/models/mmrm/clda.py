"""Constrained longitudinal data analysis: the baseline is an outcome, with one mean for all arms.

Randomisation makes the arms' means equal at baseline. Taking the baseline as the first outcome under that
constraint adjusts for it as a covariate would, but keeps participants who have a baseline and nothing else, and
those whose baseline is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from coxa.errors import DataError, OptionError
from coxa.findings import Finding, Findings
from coxa.models.design.columns import in_order
from coxa.models.design.formula import OPERATORS, tokenise
from coxa.models.design.matrix import Design
from coxa.models.design.rows import check_frame, check_keys, visit_order
from coxa.models.mmrm.api import fit_mmrm
from coxa.models.mmrm.data import label_text
from coxa.models.results.fit import Fit
from coxa.models.spec import CLDASpec, MMRMSpec


@dataclass(frozen=True, slots=True)
class CldaRows:
    """Rows with the baseline as a visit, and the formula that holds the arms equal there.

    frame    : one row per participant and visit, the baseline first; a 0/1 column for each effect
    formula  : response ~ visit + effects + other terms
    visits   : all visits in order, the baseline first
    effects  : column -> (arm, visit), for each arm but the first at each visit after baseline
    arms     : levels of the arm, the reference first
    """

    frame: pd.DataFrame
    formula: str
    visits: tuple[Any, ...]
    effects: Mapping[str, tuple[Any, str]]
    arms: tuple[Any, ...]


def clda_rows(
    data: pd.DataFrame,
    *,
    response: str = "value",
    baseline: str = "baseline",
    adjust: Sequence[str] = (),
    arm: str = "arm",
    participant: str = "participant_id",
    visit: str = "visit",
    visits: Sequence[Any] | None = None,
    baseline_visit: str = "baseline",
) -> CldaRows:
    """Add a row with the baseline for each participant, and a column for each effect after it.

    Parameters
    ----------
    data : DataFrame
        One row per participant and visit after baseline. Not changed.
    response : str
        The outcome itself (not its change), on the scale of `baseline`.
    baseline : str
        Column that repeats the participant's baseline value; empty where it is missing.
    adjust : sequence of str
        Other terms of the formula: ``site * visit``.
    arm, participant, visit : str
        Columns; the first level of `arm` is the reference.
    visits : sequence, optional
        Visits after baseline, in order; by default as in `coxa.models.fit_mmrm`.
    baseline_visit : str
        What the baseline is called as a visit.

    Returns
    -------
    CldaRows

    Raises
    ------
    OptionError
        A column is not there, `data` has a visit called `baseline_visit`, or `adjust` names the baseline.
    DataError
        A row has no participant, visit or arm, or a participant has two baselines or two arms.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": [1, 2], "visit": "week_6", "arm": ["a", "b"], "baseline": [5, 6]})
    >>> rows = clda_rows(d.assign(value=[7, 9]))
    >>> rows.frame[["participant_id", "visit", "value", "b_at_week_6"]].values.tolist()
    [[1, 'baseline', 5, 0.0], [2, 'baseline', 6, 0.0], [1, 'week_6', 7, 0.0], [2, 'week_6', 9, 1.0]]
    >>> rows.formula
    'value ~ visit + b_at_week_6'
    """
    check_keys(data, (participant, visit, arm))
    check_keys(data.head(0), (response, baseline))
    words = {word for term in adjust for word in tokenise(term)} - set(OPERATORS)
    if baseline in words or arm in words:
        raise OptionError(f"'{baseline}' is an outcome and '{arm}' is in the model already. Leave both out of adjust.")
    check_constant(data, participant, (baseline, arm))
    order = visit_order(data[visit], visits).labels
    labels = [label_text(label) for label in order]
    if baseline_visit in labels:
        raise OptionError(f"The data have rows of a visit '{baseline_visit}'. Give the rows after it, or another name.")
    later = data[data[visit].isin(order)]
    later = later.assign(**{visit: [label_text(label) for label in later[visit]]})
    first = later.drop_duplicates(participant)
    first = first.assign(**{visit: baseline_visit}).assign(**{response: first[baseline]})
    frame = pd.concat([first, later])
    levels = arm_levels(data[arm])
    effects = {column_name(level, label, frame.columns): (level, label) for label in labels for level in levels[1:]}
    made = {
        column: ((frame[arm] == level) & (frame[visit] == label)).to_numpy(dtype=float)
        for column, (level, label) in effects.items()
    }
    every = (baseline_visit, *labels)
    frame = frame.assign(**made).astype({visit: pd.CategoricalDtype(list(every))})
    formula = f"{response} ~ {' + '.join([visit, *effects, *adjust])}"
    return CldaRows(frame, formula, every, effects, levels)


def arm_levels(values: pd.Series) -> tuple[Any, ...]:
    """Return the arms there are: in the order of the categories, else sorted."""
    present = set(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return tuple(level for level in values.cat.categories if level in present)
    return in_order(present, values.name)


def column_name(level: Any, label: str, taken: Sequence[str] | pd.Index) -> str:
    """Return a name for the column of an effect that a formula can have and that no other column has."""
    name = re.sub(r"\W", "_", f"{level}_at_{label}")
    name = name if name[0].isalpha() else f"arm_{name}"
    while name in taken:
        name += "_"
    return name


def check_constant(data: pd.DataFrame, participant: str, columns: Sequence[str]) -> None:
    """Raise DataError naming the participants who have two values in a column of one value each."""
    findings = []
    for column in columns:
        several = data.groupby(participant, observed=True)[column].nunique(dropna=False)
        findings += [
            Finding(
                "error",
                "data",
                f"`{column}` differs between the rows of the participant",
                "Keep the one that counts.",
                participant_id=str(who),
                field=column,
                n_rows=int((data[participant] == who).sum()),
            )
            for who in several.index[several > 1]
        ]
    if findings:
        raise DataError("the baseline cannot be taken as an outcome:", Findings.of(findings))


@dataclass(frozen=True, slots=True)
class EqualAtBaseline:
    """A memory of the coding that makes the effects' columns out of arm and visit, so that both can be asked for.

    spec    : the memory of the design with the effects' columns
    effects : column -> (arm, visit)
    arm, visit : names of these columns
    """

    spec: Any
    effects: Mapping[str, tuple[Any, str]]
    arm: str
    visit: str

    def get_model_matrix(self, frame: pd.DataFrame, context: Mapping[str, Any]) -> Any:
        """Return the design rows of a frame with arm and visit."""
        made = {
            column: ((frame[self.arm] == arm) & (frame[self.visit] == visit)).to_numpy(dtype=float)
            for column, (arm, visit) in self.effects.items()
        }
        return self.spec.get_model_matrix(frame.assign(**made).drop(columns=self.arm), context=context)


def fit_clda(
    data: pd.DataFrame,
    *,
    response: str = "value",
    baseline: str = "baseline",
    adjust: Sequence[str] = (),
    arm: str = "arm",
    participant: str = "participant_id",
    visit: str = "visit",
    visits: Sequence[Any] | None = None,
    baseline_visit: str = "baseline",
    **options: Any,
) -> Fit:
    """Fit a mixed model for repeated measures with the baseline as outcome and the arms equal there.

    Parameters
    ----------
    data, response, baseline, adjust, arm, participant, visit, visits, baseline_visit
        As in `clda_rows`.
    **options
        Of `coxa.models.fit_mmrm`: covariance, reml, ddf.

    Returns
    -------
    Fit
        `coxa.estimates.contrasts` gives differences at each visit after baseline; a difference of values is also
        one of changes, since the arms are equal at baseline. `fit.params` has ``arm[exercise]:visit[week_12]``,
        the difference from the reference arm there.

    Raises
    ------
    OptionError, DataError, FitError
        As `clda_rows` and `coxa.models.fit_mmrm`.

    Notes
    -----
    Sources: Liang & Zeger, Sankhya B 2000, 62:134-148; Liu, Lu, Mogg, Mallick & Mehrotra, Statistics in Medicine
    2009, 28:2509-2530. With one visit after baseline, nothing missing and full likelihood, the difference is that
    of an analysis of covariance.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(60), "visit": "week_6", "arm": ["a", "b"] * 30})
    >>> d["baseline"] = rng.normal(50, 10, 60)
    >>> d["value"] = 20 + 0.5 * d["baseline"] + rng.normal(0, 5, 60)
    >>> list(fit_clda(d).params.index)
    ['Intercept', 'visit[week_6]', 'arm[b]:visit[week_6]']
    """
    own: dict[str, Any] = {
        "response": response,
        "baseline": baseline,
        "adjust": adjust,
        "arm": arm,
        "participant": participant,
        "visit": visit,
        "visits": visits,
        "baseline_visit": baseline_visit,
    }
    data = check_frame(data)
    rows = clda_rows(data, **own)
    fit = fit_mmrm(rows.formula, rows.frame, participant=participant, visit=visit, visits=rows.visits, **options)
    design = with_arm(fit.design, rows, arm, visit)
    assert isinstance(fit.spec, MMRMSpec)
    return replace(
        fit,
        spec=CLDASpec(**own, model=fit.spec),
        design=design,
        params=fit.params.set_axis(list(design.names)),
        method=f"{fit.method}; baseline as outcome, means of {arm} equal there (cLDA)",
    )


def with_arm(design: Design, rows: CldaRows, arm: str, visit: str) -> Design:
    """Return the design with arm and visit in place of the effects' columns."""
    renamed = {column: f"{arm}[{level}]:{visit}[{label}]" for column, (level, label) in rows.effects.items()}
    variables = [name for name in design.formula.variables if name not in rows.effects]
    terms = {name: where for name, where in design.terms.items() if name not in rows.effects}
    terms[f"{arm}:{visit}"] = tuple(design.names.index(column) for column in rows.effects)
    taken = pd.Categorical(rows.frame.loc[design.complete, arm], categories=list(rows.arms))
    text = design.formula.text.replace(" + ".join(rows.effects), f"{arm}:{visit} (after baseline)")
    return replace(
        design,
        formula=replace(design.formula, text=text, variables=(*variables, arm)),
        names=tuple(renamed.get(name, name) for name in design.names),
        terms=terms,
        levels={**design.levels, arm: rows.arms},
        frame=design.frame.drop(columns=list(rows.effects)).assign(**{arm: taken}),
        spec=EqualAtBaseline(design.spec, rows.effects, arm, visit),
    )


def with_baseline(
    data: pd.DataFrame,
    *,
    response: str = "value",
    baseline: str = "baseline",
    participant: str = "participant_id",
    time: str = "study_day",
) -> pd.DataFrame:
    """Return the rows with one more for each participant: the baseline as the outcome at time 0.

    Parameters
    ----------
    data : DataFrame
        One row per participant and time after baseline. Not changed.
    response : str
        The outcome itself (not its change), on the scale of `baseline`.
    baseline : str
        Column that repeats the participant's baseline value; empty where it is missing.
    participant, time : str
        Columns; times are numbers since baseline.

    Raises
    ------
    OptionError
        A column is not there.
    DataError
        A row has no participant, or a participant has two baselines.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": [1, 2], "study_day": [40, 44], "value": [7, 9], "baseline": [5, 6]})
    >>> with_baseline(d)[["participant_id", "study_day", "value"]].values.tolist()
    [[1, 0, 5], [2, 0, 6], [1, 40, 7], [2, 44, 9]]
    """
    data = check_frame(data)
    check_keys(data, (participant,))
    check_keys(data.head(0), (response, baseline, time))
    check_constant(data, participant, (baseline,))
    first = data.drop_duplicates(participant).copy()
    first[response], first[time] = first[baseline], 0
    return pd.concat([first, data], ignore_index=True)
