"""From answers to scores, for any instrument, with the reason wherever there is no score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError
from coxa.findings import Findings
from coxa.instruments.answers import answer_matrix, code_rows, listed_matrix
from coxa.instruments.check import KEYS, check_items, check_rows
from coxa.instruments.definition import Instrument
from coxa.instruments.formulas import ITEM_FORMULAS, SCALE_FORMULAS, Floats
from coxa.instruments.load import INSTRUMENT, as_instrument, coding_of

Counts = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ScaleScores:
    """The scores of one scale at n participant-visits.

    value     : (n,) scores, NaN where the rule leaves none
    answered  : (n,) items answered
    expected  : (n,) items asked
    confirmed : (n,) False where the score, or its absence, rests on a rule not read in a source
    reason    : (n,) why there is no score, None where there is one
    """

    value: Floats
    answered: Counts
    expected: Counts
    confirmed: NDArray[np.bool_]
    reason: NDArray[np.object_]


@kinds(items=FRAME, instrument=INSTRUMENT)
def score(
    items: pd.DataFrame,
    instrument: str | Instrument,
    *,
    rule: str | None = None,
    version: str | None = None,
    scales: str | Sequence[str] | None = None,
    keys: Sequence[str] = KEYS,
) -> pd.DataFrame:
    """Score a long item table.

    Parameters
    ----------
    items : DataFrame
        One row for each participant, visit and item: the `keys`, `item` (code) and `value` (the answer in
        the instrument's own coding, NaN where unanswered). An item without a row is unanswered. Other
        columns are left out. For one column an item, see `items_from_wide`.
    instrument : str or Instrument
        The instrument, or the name of one that ships.
    rule : str, optional
        Missing rule; without one, the instrument's default.
    version : str, optional
        Response format; needed where the instrument has several (womac, groc).
    scales : str or sequence of str, optional
        Scales to score; without any, all.
    keys : sequence of str
        Columns that make a participant-visit; the last is the visit.

    Returns
    -------
    DataFrame
        One row for each participant-visit (in order of first appearance) and scale: the keys, instrument,
        scale, value (NaN without a score), items_answered, items_expected, rule, version, range_low,
        range_high, higher_is_better, confirmed and reason. `confirmed` is False where the scoring of the
        scale was not read in a source, or where items are missing and the missing rule was not.

    Raises
    ------
    DataError
        If the table has any of the problems that `check_items` looks for; all are listed.
    OptionError
        If a name is unknown, or a version is needed.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = {"participant_id": "a", "visit": "baseline", "item": ["q1", "q2", "q3"], "value": [2, 1, 3]}
    >>> score(pd.DataFrame(answers), "hoos", scales="qol")[["scale", "value", "items_answered"]]
      scale  value  items_answered
    0   qol   50.0               3
    """
    definition = as_instrument(instrument)
    chosen, named = definition.choose_version(version), definition.choose_rule(rule)
    names = definition.choose_scales(scales)
    if not {*keys, "item", "value"} <= set(items.columns):
        raise _unusable(definition, check_items(items, definition, version=chosen, keys=keys))
    rows = code_rows(items, definition, keys)
    findings = check_rows(items, rows, definition, chosen)
    if findings.errors:
        raise _unusable(definition, findings)
    answers = answer_matrix(rows, len(definition.items))
    asked = (
        listed_matrix(rows, len(definition.items))
        if definition.chosen_by_participant
        else np.ones(answers.shape, dtype=bool)
    )
    scored = [score_scale(answers, asked, definition, name, chosen, named) for name in names]
    return _assemble(rows.keys, scored, definition, names, chosen, named)


def score_scale(
    answers: Floats, asked: NDArray[np.bool_], instrument: Instrument, name: str, version: str, rule: str
) -> ScaleScores:
    """Score one scale from (n, items) answers; `asked` is False where an item was not asked at all."""
    written = instrument.scales[name]
    if written.of:
        parts = [score_scale(answers, asked, instrument, part, version, rule) for part in written.of]
        return _score_parts(parts, instrument, name, rule)
    columns = [instrument.items.index(code) for code in instrument.scale_items(name)]
    given, present = answers[:, columns], asked[:, columns]
    answered, expected = np.isfinite(given).sum(axis=1), present.sum(axis=1)
    needed = np.minimum(instrument.needed(rule, name), expected)
    enough = (answered >= needed) & (answered > 0)
    value = ITEM_FORMULAS[written.formula](given, coding_of(instrument, name, version))
    confirmed = written.confirmed & (_rule_confirmed(instrument, name, rule) | (answered == expected))
    return ScaleScores(
        value=np.where(enough, value, np.nan),
        answered=answered,
        expected=expected,
        confirmed=confirmed,
        reason=_too_few(answered, expected, needed, enough),
    )


def _score_parts(parts: list[ScaleScores], instrument: Instrument, name: str, rule: str) -> ScaleScores:
    written = instrument.scales[name]
    values = np.column_stack([part.value for part in parts])
    value = SCALE_FORMULAS[written.formula](values)
    scored = np.isfinite(values)
    texts = {
        pattern: "no score for " + ", ".join(np.array(written.of)[~np.array(pattern)])
        for pattern in map(tuple, np.unique(scored, axis=0))
    }
    reason = np.full(len(value), None, dtype=object)
    reason[np.isnan(value)] = [texts[tuple(pattern)] for pattern in scored[np.isnan(value)]]
    return ScaleScores(
        value=value,
        answered=sum((part.answered for part in parts), start=np.zeros(len(value), dtype=np.intp)),
        expected=sum((part.expected for part in parts), start=np.zeros(len(value), dtype=np.intp)),
        confirmed=np.logical_and.reduce([part.confirmed for part in parts])
        & written.confirmed
        & (_rule_confirmed(instrument, name, rule) | scored.all(axis=1)),
        reason=reason,
    )


def _rule_confirmed(instrument: Instrument, scale: str, rule: str) -> bool:
    written = instrument.missing_rules[rule]
    return written.confirmed and scale not in written.unconfirmed_scales


def _too_few(answered: Counts, expected: Counts, needed: Counts, enough: NDArray[np.bool_]) -> NDArray[np.object_]:
    reason = np.full(len(answered), None, dtype=object)
    without = np.flatnonzero(~enough)
    kinds, kind = np.unique(np.column_stack([answered, expected, needed])[without], axis=0, return_inverse=True)
    texts = np.array([f"{a} of {e} items answered; the rule needs {max(n, 1)}" for a, e, n in kinds], dtype=object)
    reason[without] = texts[kind] if len(texts) else None
    return reason


def _assemble(
    keys: pd.DataFrame,
    scored: list[ScaleScores],
    instrument: Instrument,
    names: Sequence[str],
    version: str,
    rule: str,
) -> pd.DataFrame:
    """Put the scales of each participant-visit below one another."""
    visits, n = np.repeat(np.arange(len(keys)), len(names)), len(keys)
    scales = [instrument.scale(name, version) for name in names]

    def stack(field: str) -> np.ndarray:
        return np.stack([getattr(one, field) for one in scored], axis=1).ravel()

    frame = keys.iloc[visits].reset_index(drop=True)
    return frame.assign(
        instrument=instrument.name,
        scale=np.tile(np.array(names, dtype=object), n),
        value=stack("value"),
        items_answered=stack("answered"),
        items_expected=stack("expected"),
        rule=rule,
        version=version,
        range_low=np.tile([scale.low for scale in scales], n),
        range_high=np.tile([scale.high for scale in scales], n),
        higher_is_better=np.tile([scale.higher_is_better for scale in scales], n),
        confirmed=stack("confirmed"),
        reason=stack("reason"),
    )


def _unusable(instrument: Instrument, findings: Findings) -> DataError:
    return DataError(f"these items cannot be scored as {instrument.name}", findings)
