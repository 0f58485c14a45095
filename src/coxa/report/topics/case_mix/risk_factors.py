"""Risk factors recorded at entry: age, earlier injury, family history, sitting, sport and training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from coxa.cohort.dictionary import load_table
from coxa.study import Study
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, group_columns
from coxa.tables.phrases import abbreviations
from coxa.tables.table import Footnote, Row, RowGroup, Table

NUMBERS = {
    "age": ("Age, years, mean (SD)", "mean_sd"),
    "bmi": ("Body mass index, kg/m\N{SUPERSCRIPT TWO}, mean (SD)", "mean_sd"),
    "previous_injuries": ("Earlier injuries of hip, groin or thigh, median [Q1, Q3]", "median_iqr"),
    "sitting_hours": ("Sitting, hours a day, mean (SD)", "mean_sd"),
    "sessions": ("Sessions a week, median [Q1, Q3]", "median_iqr"),
    "distance": ("Distance, km a week, median [Q1, Q3]", "median_iqr"),
    "years": ("Years in the sport, median [Q1, Q3]", "median_iqr"),
    "footwear_distance": ("Distance that the shoes have run, km, median [Q1, Q3]", "median_iqr"),
}
YES_NO = {
    "previous_injury": "Earlier injury of hip, groin or thigh, n/N (%)",
    "family_history": "Hip complaint in parents or siblings, n/N (%)",
}
CATEGORIES = {"sex": "Sex", "sport": "Sport", "level": "Level", "surface": "Surface", "footwear": "Footwear"}
OF_SPORT = ("sport", "level", "sessions", "distance", "years", "surface", "footwear", "footwear_distance")


def risk_factors_table(study: Study, factors: pd.DataFrame) -> Table:
    """Describe the risk factors by arm or group.

    Parameters
    ----------
    study
        The plan, for labels.
    factors
        From `coxa.derive.case_mix.derive_risk_factors`.

    Returns
    -------
    Table
        Numbers over those in whom they are known; yes and no, and levels, as n/N (%) of those in whom they are known.
        No p-values.
    """
    sizes = {arm: int((factors["arm"] == arm).sum()) for arm in study.groups}
    rows = ByArm("risk_factors", tuple(sizes))
    own: list[Row] = []
    sport: list[Row] = []
    for name in factors.columns[2:]:
        (sport if name in OF_SPORT else own).extend(_rows(rows, name, factors))
    groups = [RowGroup("Participant", tuple(own)), RowGroup("Main sport at entry", tuple(sport))]
    labels = [row.label for row in (*own, *sport)]
    return Table(
        "risk-factors",
        "Risk factors at entry",
        "Risk factor",
        group_columns(study, sizes),
        tuple(group for group in groups if group.rows),
        (
            Footnote(f"{study.words.membership}. {abbreviations(labels)}".rstrip()),
            Footnote("Described are those in whom a risk factor is known; N is their number."),
        ),
    )


def _rows(rows: ByArm, name: str, factors: pd.DataFrame) -> Iterator[Row]:
    if name in NUMBERS:
        label, rule = NUMBERS[name]
        yield rows.numbers(label, name, rule, factors.astype({name: float}), name)
        return
    known = factors[factors[name].notna()]
    total = known.groupby("arm").size()
    if name in YES_NO:
        yield rows.shares(YES_NO[name], name, known[known[name] == 1].groupby("arm").size(), total, of=True)
        return
    values = known[name].astype(str)
    listed = _levels(name)
    in_order = [word for word in listed if (values == word).any()]
    in_order += sorted(set(values) - set(listed), key=lambda word: (-(values == word).sum(), word))
    for word in in_order:
        n = known[values == word].groupby("arm").size()
        label = f"{CATEGORIES[name]}: {listed.get(word, readable(word)).lower()}, n/N (%)"
        yield replace(rows.shares(label, f"{name}: {word}", n, total, of=True), found=word not in listed)


def _levels(name: str) -> Mapping[str, str]:
    """Return the levels of a field as the data dictionary has them; none of a sport, which is free text."""
    fields = {**load_table("participants").fields, **load_table("sport_training").fields}
    return fields[name].levels
