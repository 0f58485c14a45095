"""Answers in words as the numbers of an outcome: yes and no, labels of levels, and the plan's own map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from coxa.cohort.mapping.codes import NO, YES, code_texts
from coxa.study import Study
from coxa.study.outcome import Outcome
from coxa.study.source import TableSource, code_text

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Answers:
    """What the answers of one outcome are as numbers.

    outcome : its name in the plan
    meaning : answer without capitals -> its number as text
    mapped  : code of the file -> its number as text, by the plan's map; it goes before `meaning`
    rule    : what is wrong with a word that is none of them; empty where any number is possible
    allowed : the answers in words
    """

    outcome: str
    meaning: Mapping[str, str] = field(default_factory=dict)
    mapped: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    allowed: str = ""

    def as_numbers(self, values: pd.Series) -> pd.Series:
        """Return the cells with the answers that are known as their numbers; the others as they are.

        Examples
        --------
        >>> Answers("fell", {"yes": "1", "no": "0"}).as_numbers(pd.Series(["Yes", "no", "maybe"])).tolist()
        ['1', '0', 'maybe']
        """
        if not self.mapped and _is_number(values):
            return values
        texts = code_texts(values)
        known = texts.map(self.mapped).astype("str").fillna(texts.str.casefold().map(self.meaning).astype("str"))
        return values if known.isna().all() else values.astype(object).mask(known.notna(), known)

    def remedy(self, words: list[str]) -> str:
        """Return what to do about words that are no answer."""
        shown = ", ".join(f'"{word}"' for word in words[:SHOWN])
        return (
            f"{self.allowed}, or give the number of each word in its table: "
            f'`values: {{{self.outcome}: {{"{words[0]}": ...}}}}`. If they mean missing, write `missing: '
            f"{{{self.outcome}: [{shown}]}}`."
        )


def answers_of(study: Study, table: str, source: TableSource) -> dict[str, Answers]:
    """Return outcome -> its answers; only the table of assessments has outcomes."""
    if table != "assessments":
        return {}
    return {name: _answers(name, outcome, source) for name, outcome in study.outcomes.items()}


def _answers(name: str, outcome: object, source: TableSource) -> Answers:
    own = {code_text(code): code_text(word) for code, word in source.values.get(name, {}).items()}
    if isinstance(outcome, Outcome) and outcome.kind == "yes_no":
        meaning = {**dict.fromkeys(YES, "1"), **dict.fromkeys(NO, "0")}
        rule, allowed = "the value is neither yes nor no", "Write 1 or 0, yes or no, true or false"
    elif isinstance(outcome, Outcome) and outcome.levels is not None:
        meaning = {label.strip().casefold(): str(code) for code, label in outcome.levels.items()}
        levels = ", ".join(f"{code} ({label})" for code, label in outcome.levels.items())
        rule, allowed = "the value is neither the code nor the label of a level", f"Write one of {levels}"
    else:
        return Answers(name, mapped=own)
    mapped = {code: meaning.get(word.casefold(), word) for code, word in own.items()}
    return Answers(name, meaning, mapped, rule, allowed)


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
