"""Age at randomisation from two dates, where the plan asks for it and the file has no column for it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coxa.cohort.mapping.columns import AGE_FROM, Origin, age_is_known
from coxa.cohort.mapping.mapped import Mapped
from coxa.findings import Finding

DAYS_PER_YEAR = 365.25


def age_in_years(birth_date: pd.Series, randomisation_date: pd.Series) -> pd.Series:
    """Return age at randomisation in years with one decimal (days / 365.25); missing where a date is, or born after.

    Examples
    --------
    >>> age_in_years(pd.to_datetime(pd.Series(["1964-01-01"])), pd.to_datetime(pd.Series(["2025-01-10"]))).tolist()
    [61.0]
    """
    days = (randomisation_date - birth_date).dt.days.astype(float)
    return (days.where(days >= 0) / DAYS_PER_YEAR).round(1)


def with_age(mapped: Mapped, origin: Origin) -> Mapped:
    """Return the participants with their age, where it is a covariate without a column and both dates are there."""
    wanted = origin.agreed.fields["age"].source == "plan"
    given = "age" in origin.source.columns or "age" in origin.source.constants or "age" in origin.frame
    if not wanted or given or not age_is_known(origin):
        return mapped
    age = age_in_years(*(mapped.frame[name] for name in AGE_FROM))
    note = Finding("note", "participants", "age is computed from birth_date and randomisation_date",
                   "Map a column if the files have the age. The computed age is in years with one decimal.",
                   field="age")  # fmt: skip
    return replace(mapped, frame=mapped.frame.assign(age=age), findings=(*mapped.findings, note))
