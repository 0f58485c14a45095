"""Names of coxa and of ADaM, and a data set under ADaM's names with what its variables are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import pandas as pd

from coxa.packaged import packaged_yaml
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy

VariableType = Literal["text", "integer", "number", "date"]
LONGEST_NAME, LONGEST_LABEL = 8, 40
"""Characters of a name and of a label in a transport file, which ADaM keeps to."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of ADaM.

    column : of coxa, from which it is taken; empty where it is derived
    terms  : word of coxa -> term
    of     : "allocated" or "found": for designs that allocate participants, or find groups; empty for all
    members: analysis set whose members it flags
    """

    name: str
    label: str
    type: VariableType
    column: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    of: str = ""
    members: str = ""


@dataclass(frozen=True, slots=True)
class AdamDataset:
    """A data set of ADaM: its rows, sorted by its keys, and its variables in the order of the columns."""

    name: str
    label: str
    keys: tuple[str, ...]
    variables: tuple[Variable, ...]
    frame: pd.DataFrame


@cache
def crosswalk() -> dict[str, AdamDataset]:
    """Return the data sets of the crosswalk, without rows."""
    read = packaged_yaml("coxa.exchange", "adam/crosswalk.yaml")
    return {name: _empty(name, given) for name, given in read.items()}


def _empty(name: str, given: dict[str, Any]) -> AdamDataset:
    variables = tuple(
        Variable(
            each,
            facts["label"],
            facts["type"],
            facts.get("from", ""),
            facts.get("terms", {}),
            facts.get("of", ""),
            facts.get("set", ""),
        )
        for each, facts in given["variables"].items()
    )
    return AdamDataset(name, given["label"], tuple(given["keys"]), variables, pd.DataFrame())


def variables_for(study: Study, name: str) -> tuple[Variable, ...]:
    """Return the variables of a data set that fit the design of a study.

    Examples
    --------
    >>> import coxa
    >>> [one.name for one in variables_for(coxa.preset("moa-2013"), "ADSL")][-4:]
    ['ITTFL', 'FASFL', 'PPROTFL', 'SAFFL']
    """
    compared = isinstance(study, ComparativeStudy)
    fits = {"", "allocated" if compared and study.words.allocates else "found"}
    grouped = {"GROUP", "GROUPN", "FASFL", "PPROTFL", "SAFFL"}
    return tuple(one for one in crosswalk()[name].variables if one.of in fits and (compared or one.name not in grouped))


def taken(variables: Collection[Variable], rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the variables that are columns of coxa, under their names and in their terms; absent ones are left out."""
    found = {one.name: (one, rows[one.column]) for one in variables if one.column in rows}
    return {name: _in_terms(one, values) for name, (one, values) in found.items()}


def _in_terms(one: Variable, values: pd.Series) -> pd.Series:
    if values.dtype == "boolean" or values.dtype == bool:
        return flag(values)
    return values.astype(object).map(one.terms) if one.terms else values


def flag(values: pd.Series) -> pd.Series:
    """Return yes and no as Y and N; missing where neither is known."""
    return values.astype("boolean").astype(object).map({True: "Y", False: "N"})


def dataset(
    name: str,
    variables: Collection[Variable],
    columns: Mapping[str, pd.Series],
    keys: Collection[str] | None = None,
) -> AdamDataset:
    """Return a data set of those variables that have a column, typed and sorted by its keys."""
    known = crosswalk()[name]
    kept = tuple(one for one in variables if one.name in columns)
    frame = pd.DataFrame({one.name: typed(columns[one.name], one.type) for one in kept})
    order = tuple(key for key in (keys or known.keys) if key in frame)
    frame = frame.sort_values(list(order), kind="stable", ignore_index=True, na_position="first")
    return replace(known, keys=order, variables=kept, frame=frame)


def typed(values: pd.Series, kind: VariableType) -> pd.Series:
    """Return values as text (missing as None), whole numbers, numbers, or dates."""
    if kind == "date":
        return pd.to_datetime(values).astype("datetime64[s]")
    if kind == "text":
        texts = values.astype(object)
        return texts.where(texts.isna(), texts.map(str)).where(texts.notna(), None).astype(object)
    return values.astype(float) if kind == "number" else values.astype(float).round().astype("Int64")


def adam_name(text: str, others: Collection[str]) -> str:
    """Return a name of at most eight characters that no other variable or parameter has.

    Examples
    --------
    >>> adam_name("pain_intensity", ["PAININTE"]), adam_name("6_minute_walk", [])
    ('PAININT2', 'X6MINUTE')
    """
    letters = re.sub(r"[^A-Z0-9]", "", text.upper()) or "X"
    whole = letters if letters[0].isalpha() else f"X{letters}"
    return next(name for name in _numbered(whole) if name not in others)


def _numbered(whole: str) -> Iterator[str]:
    yield whole[:LONGEST_NAME]
    for number in range(2, 10**6):
        yield whole[: LONGEST_NAME - len(str(number))] + str(number)


def adam_label(text: str) -> str:
    """Return a label of at most forty characters, cut between words.

    Examples
    --------
    >>> adam_label("Duration of symptoms at entry, in months since onset")
    'Duration of symptoms at entry, in months'
    """
    if len(text) <= LONGEST_LABEL:
        return text
    cut = text[: LONGEST_LABEL + 1].rsplit(" ", 1)[0]
    return (cut if len(cut) <= LONGEST_LABEL else text[:LONGEST_LABEL]).rstrip(" ,;:")
