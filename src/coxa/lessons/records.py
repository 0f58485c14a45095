"""Lessons on what a file says: codes, units, rows typed twice, a scale that ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa import models
from coxa.lessons.lesson import Drawn, Interval, effect
from coxa.lessons.missing import ARMS, two_arms
from coxa.simulate.identifiers import participant_ids


def _ancova(data: pd.DataFrame, outcome: str = "week_12") -> Interval:
    return effect(models.fit_ancova(f"{outcome} ~ arm + baseline", data), "arm[exercise]")


def _draw_switched(rng: np.random.Generator) -> pd.DataFrame:
    n = 160
    code = np.repeat([1, 2], n // 2)  # 1 is exercise, 2 is usual care
    baseline = rng.normal(55, 14, n)
    week_12 = 15 + 0.6 * baseline + np.where(code == 1, -7.0, 0.0) + rng.normal(0, 12, n)
    return pd.DataFrame({"participant_id": participant_ids(n), "arm_code": code, "baseline": baseline.round(1),
                         "week_12": week_12.round(1)})  # fmt: skip


def _coded(data: pd.DataFrame, words: dict[int, str]) -> Interval:
    return _ancova(data.assign(arm=pd.Categorical(data["arm_code"].map(words), ARMS)))


def _draw_units(rng: np.random.Generator) -> pd.DataFrame:
    n = 180
    arm = two_arms(n)
    site = rng.choice(["north", "river", "south"], n)
    baseline = np.clip(rng.normal(5.5, 1.5, n), 0, 10)
    week_12 = np.clip(1.2 + 0.6 * baseline + np.where(arm == "exercise", -1.0, 0.0) + rng.normal(0, 1.2, n), 0, 10)
    scale = np.where(site == "south", 10.0, 1.0)
    return pd.DataFrame({"participant_id": participant_ids(n), "arm": arm, "site": site,
                         "baseline": (baseline * scale).round(1), "week_12": (week_12 * scale).round(1)})  # fmt: skip


def _one_unit(data: pd.DataFrame) -> Interval:
    south = np.where(data["site"] == "south", 10.0, 1.0)
    return _ancova(data.assign(baseline=data["baseline"] / south, week_12=data["week_12"] / south))


def _draw_doubled(rng: np.random.Generator) -> pd.DataFrame:
    n = 140
    arm = two_arms(n)
    baseline = rng.normal(55, 14, n)
    week_12 = 15 + 0.6 * baseline + np.where(arm == "exercise", -4.0, 0.0) + rng.normal(0, 12, n)
    people = pd.DataFrame({"participant_id": participant_ids(n), "arm": arm, "date": "2024-03-01",
                           "baseline": baseline.round(1), "week_12": week_12.round(1)})  # fmt: skip
    better = np.asarray(arm == "exercise") & (week_12 < 15 + 0.6 * baseline - 4.0)
    again = people[better].assign(
        date="2024-03-08", week_12=(week_12[better] + rng.normal(0, 2, better.sum())).round(1)
    )
    return pd.concat([people, again]).sort_values(["participant_id", "date"], ignore_index=True)


def _draw_ceiling(rng: np.random.Generator) -> pd.DataFrame:
    n = 200
    arm = two_arms(n)
    able = rng.normal(0, 1, n)
    after = 0.7 * able + np.where(arm == "exercise", 0.4, 0.0) + rng.normal(0, 0.7, n)
    daily = np.clip(90 + 12 * after, 0, 100)
    sport = np.clip(60 + 12 * after + rng.normal(0, 3, n), 0, 100)
    return pd.DataFrame({"participant_id": participant_ids(n), "arm": arm, "baseline": (60 + 12 * able).round(1),
                         "daily_living": daily.round(1), "sport": sport.round(1)})  # fmt: skip


DRAWN = {
    "switched_reference": Drawn(
        _draw_switched,
        lambda data: _coded(data, {1: "usual_care", 2: "exercise"}),
        lambda data: _coded(data, {1: "exercise", 2: "usual_care"}),
    ),
    "mixed_units": Drawn(_draw_units, _ancova, _one_unit),
    "duplicated_visits": Drawn(
        _draw_doubled,
        lambda data: _ancova(data.assign(participant_id=range(len(data)))),
        lambda data: _ancova(data.drop_duplicates("participant_id")),
    ),
    "ceiling": Drawn(_draw_ceiling, lambda data: _ancova(data, "daily_living"), lambda data: _ancova(data, "sport")),
}
"""Lesson -> how its data are drawn, the obvious analysis and the right one; `lessons.yaml` has its words."""
