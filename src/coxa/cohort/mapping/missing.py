"""Codes that mean missing: for which columns they hold, and whether they could be measured values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.cohort.contracts import Contract
from coxa.cohort.mapping.codes import Mask, code_texts, empty_cells, parse_numbers
from coxa.cohort.mapping.typed_cells import truth_values
from coxa.cohort.measured import as_number, could_be, in_short, measured_names, takes_missing_codes
from coxa.cohort.number_text import UNKNOWN, Marks
from coxa.errors import choose
from coxa.findings import Finding
from coxa.study import Study
from coxa.study.source import MissingWhen, TableSource, code_text

Codes = frozenset[str]


@dataclass(frozen=True, slots=True)
class MissingCodes:
    """The plan's missing codes of one table.

    everywhere : codes of every measured column
    of_name    : field, outcome, item or measure -> its own codes
    """

    everywhere: Codes = frozenset()
    of_name: Mapping[str, Codes] = field(default_factory=dict)

    def of(self, agreed: Contract, name: str, measured: str | None = None) -> Codes:
        """Return the codes of a field, and of what is measured there; none where the field takes no codes."""
        if not takes_missing_codes(agreed, name):
            return frozenset()
        return self.everywhere | self.of_name.get(name, frozenset()) | self.of_name.get(measured or name, frozenset())

    def words_of(self, agreed: Contract, name: str) -> Codes:
        """Return the words (codes without a digit, such as NA) that mean missing in a field that takes no codes."""
        if name not in agreed.fields or takes_missing_codes(agreed, name):
            return frozenset()
        return frozenset(code for code in self.everywhere | self.of_name.get(name, frozenset()) if is_word(code))


def is_word(code: str) -> bool:
    """Say whether a missing code is a word, which no identifier, arm, visit or date can be by its number."""
    return not any(sign.isdigit() for sign in code)


def missing_codes(study: Study, source: TableSource) -> MissingCodes:
    """Return the missing codes that a plan declares for one table."""
    everywhere = study.data.missing if study.data else ()
    if isinstance(source.missing, dict):
        own = {name: frozenset(map(code_text, codes)) for name, codes in source.missing.items()}
        return MissingCodes(frozenset(map(code_text, everywhere)), own)
    return MissingCodes(frozenset(map(code_text, (*everywhere, *source.missing))))


def coded(values: pd.Series, codes: Iterable[str], marks: Marks = UNKNOWN) -> Mask:
    """Return which cells have one of the codes, as text or as the number that it is."""
    codes = list(codes)
    numbers = [number for number in map(as_number, codes) if number is not None]
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return values.isin(numbers).fillna(False).to_numpy(dtype=bool)
    parsed, _ = parse_numbers(values.mask(truth_values(values)), marks.decimal, marks.thousands)
    return code_texts(values).isin(codes).to_numpy(dtype=bool) | np.isin(parsed, numbers)


def declared_by_rule(
    frame: pd.DataFrame, name: str, rules: Iterable[MissingWhen], codes: Mapping[str, Codes]
) -> pd.Series | None:
    """Return per row why the value of column `name` is no measurement; "" where no rule says so.

    `codes` has the missing codes of the other columns that a rule looks at.
    """
    declared: pd.Series | None = None
    for rule in rules:
        if rule.column != name or not {name, *rule.when_missing} <= set(frame.columns):
            continue
        holds = code_texts(frame[name]).eq(code_text(rule.equals)).fillna(False).to_numpy(dtype=bool)
        for other in rule.when_missing:
            holds = holds & (empty_cells(frame[other]) | coded(frame[other], codes.get(other, ())))
        told = pd.Series("", index=frame.index, dtype=object).mask(holds, f"declared missing: {rule.because}")
        declared = told if declared is None else declared.mask(declared == "", told)
    return declared


def declared_by_kind(
    values: pd.Series, kinds: pd.Series, codes: MissingCodes, marks: Marks, declared: pd.Series | None
) -> pd.Series | None:
    """Return per row of a long table why its value is no measurement: the codes of the outcome or item it is of."""
    for name, own in codes.of_name.items():
        hit = kinds.eq(name).fillna(False).to_numpy(dtype=bool) & coded(values, own, marks)
        if hit.any():
            before = pd.Series("", index=values.index, dtype=object) if declared is None else declared
            told = "declared missing (" + code_texts(values).astype(object) + ")"
            declared = before.mask(hit & (before == "").to_numpy(), told)
    return declared


def check_codes(study: Study, agreed: Contract, codes: MissingCodes, frame: pd.DataFrame) -> list[Finding]:
    """Return findings about the plan's missing codes: names that take none, and codes that could be values.

    Parameters
    ----------
    frame
        The table as mapped; only what it has values of is looked at.
    """
    allowed = measured_names(study, agreed) + list(frame["item"].dropna().unique() if "item" in frame else ())
    findings = [
        Finding(
            "error",
            agreed.table,
            "the missing code is for a field without measured values, which takes only words (NA)"
            if name in agreed.fields
            else f"`missing` names no column or outcome of {agreed.table}",
            "Remove it, and correct the value at the source or under `corrections`."
            if name in agreed.fields
            else choose(name, allowed),
            field=f"missing.{name}",
        )
        for name, own in codes.of_name.items()
        if name not in allowed and not (name in agreed.fields and all(map(is_word, own)))
    ]
    for code in sorted(codes.everywhere):
        hits = could_be(study, agreed, frame, code)
        if hits:
            rule = f"the missing code {code} is also a possible value of {in_short(hits)}"
            remedy = f"List it only for the columns that use it: `missing: {{column: [{code}]}}` in this table."
            findings.append(Finding("warning", agreed.table, rule, remedy, field="missing", value=code))
    return findings
