"""Rows with the baseline as a visit, for constrained longitudinal data analysis."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.errors import DataError, OptionError
from coxa.findings import Finding, Findings
from coxa.models.design.columns import in_order
from coxa.models.design.formula import OPERATORS, tokenise
from coxa.models.design.rows import check_keys, visit_order
from coxa.models.mmrm.data import label_text


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
        raise OptionError(f"'{baseline}' is an outcome and '{arm}' is in the model already; leave both out of adjust")
    check_constant(data, participant, (baseline, arm))
    order = visit_order(data[visit], visits).labels
    labels = [label_text(label) for label in order]
    if baseline_visit in labels:
        raise OptionError(f"the data have rows of a visit '{baseline_visit}'; give the rows after it, or another name")
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
                f"{column} differs between the rows of the participant",
                "Keep the one that counts.",
                participant_id=str(who),
                field=column,
                n_rows=int((data[participant] == who).sum()),
            )
            for who in several.index[several > 1]
        ]
    if findings:
        raise DataError("the baseline cannot be taken as an outcome:", Findings.of(findings))
