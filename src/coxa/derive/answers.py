"""Answers to the items of an outcome's scale, one row per form, for analyses that impute items before scores."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.instruments import load_instrument
from coxa.study.scales import scale_name

KEYS = ["participant_id", "visit"]


def answers_of(cohort: Cohort, outcome: str) -> pd.DataFrame:
    """Return participant_id, visit and a column for each item of the scale, NaN where it has no answer.

    An outcome that is not scored from items, or of which there are none, has no rows.
    """
    part, rows = cohort.study.outcomes[outcome], cohort.table("item_responses")
    if part.instrument is None or not len(rows):
        return pd.DataFrame(columns=KEYS)
    codes = list(load_instrument(part.instrument).scale_items(scale_name(part)))
    mine = rows[rows["instrument"].eq(part.instrument) & rows["item"].isin(codes)]
    value = pd.to_numeric(mine["value"], errors="coerce").astype(float)
    wide = mine.assign(value=value).astype(dict.fromkeys(KEYS, "str")).pivot_table(
        index=KEYS, columns="item", values="value", aggfunc="first", dropna=False, observed=True
    )  # fmt: skip
    return wide.reindex(columns=codes).dropna(how="all").reset_index()
