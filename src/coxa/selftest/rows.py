"""The data that ship with coxa to prove an installation: a drawn trial, two data sets of CAMIS, 13 vaccine trials."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd

VISITS = ("week_6", "week_12", "week_26", "week_52")
ARMS = ("usual_care", "exercise", "manual_therapy")


def shipped(name: str) -> pd.DataFrame:
    """Return a file of `coxa/selftest/data/`."""
    with files("coxa.selftest").joinpath(f"data/{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def reference_trial() -> pd.DataFrame:
    """Return a drawn trial of 180 participants, three arms and four visits, with gaps; visits and arms in order."""
    data = shipped("reference_trial")
    return data.assign(visit=pd.Categorical(data["visit"], VISITS), arm=pd.Categorical(data["arm"], ARMS))


def polyps() -> pd.DataFrame:
    """Return 20 counts of polyps in two arms (CAMIS)."""
    return shipped("polyps").drop(columns="Unnamed: 0")


def trial01() -> pd.DataFrame:
    """Return 267 participants with a yes or no in two arms (CAMIS); `trtp` is 0 or 1, as text."""
    data = shipped("trial01").drop(columns="Unnamed: 0")
    return data.assign(trtp=pd.Categorical(data["trtp"].astype(int).astype(str)))


def bcg() -> pd.DataFrame:
    """Return counts of tuberculosis in 13 trials of BCG, with latitude (Colditz, JAMA 1994, 271:698-702)."""
    return shipped("bcg")


def compliers() -> pd.DataFrame:
    """Return a made-up trial of 60 and 60, in which some did not get what they were allocated to."""
    return shipped("compliers")


def shrout_fleiss() -> pd.DataFrame:
    """Return ratings of six targets by four judges (Shrout and Fleiss, Psychol Bull 1979, 86:420-428, table 2)."""
    return shipped("shrout_fleiss")


def drawn_diary() -> pd.DataFrame:
    """Return drawn daily ratings of pain in two arms; usual care is the reference."""
    data = shipped("location_scale")
    return data.assign(arm=pd.Categorical(data["arm"], ["usual", "exercise"]))


def imputed_sets() -> tuple[np.ndarray, np.ndarray]:
    """Return (m, p) coefficients of m imputed data sets, and their (m, p, p) covariances, of a drawn regression."""
    table = shipped("imputed_sets")
    terms = table["term"].unique()
    m, p = table["set"].nunique(), len(terms)
    return table["estimate"].to_numpy().reshape(m, p), table[list(terms)].to_numpy().reshape(m, p, p)
