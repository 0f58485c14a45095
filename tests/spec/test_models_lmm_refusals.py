"""What the linear mixed model refuses: each message names the option, the column or the row, and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.errors import CoxaError, DataError, FitError, NonConvergenceError, OptionError
from coxa.models import fit_lmm, fit_mmrm
from tests.spec.drawn_clusters import visits_trial

PARTICIPANT = "(1 | participant_id)"

WRONG: dict[str, tuple[dict[str, Any], type[CoxaError], str]] = {
    "no random effect": ({"formula": "change ~ arm"}, OptionError, "no random effect. Write (1 | participant_id)"),
    "typo": ({"formula": "change ~ arm + (1 | participantid)"}, OptionError, "did you mean participant_id?"),
    "no frame": (
        {"data": []},
        OptionError,
        "`data` is [] (list), not a pandas DataFrame with a row for each observation, or a frame of polars or pyarrow",
    ),
    "fixed and random": ({"formula": "change ~ arm + leads + (1 | leads)"}, OptionError, "Keep one of the two"),
    "outcome by itself": (
        {"formula": "change ~ arm + (change | leads)"},
        OptionError,
        "occurs in (change | leads). Leave it out there",
    ),
    "column of participants": ({"participant": "patient"}, OptionError, 'no column "patient"'),
    "column of weights": ({"weights": "w"}, OptionError, 'no column "w"'),
    "column of time": ({"covariance": "sp_exp", "time": "weak"}, OptionError, "did you mean week?"),
    "time for nothing": ({"time": "week"}, OptionError, "which only correlated residuals use"),
    "no time": ({"covariance": "sp_exp"}, OptionError, "Name the column: time='study_day'"),
    "no visit": ({"covariance": "ar1", "visit": "when"}, OptionError, "needs the place of each row of a participant"),
    "covariance": (
        {"covariance": "indep"},
        OptionError,
        'no covariance structure "indep". Choose one of independent',
    ),
    "ddf": ({"ddf": "kenward"}, OptionError, "did you mean kenward-roger?"),
    "counted ddf": ({"ddf": "between-within"}, OptionError, "has no rule for random effects"),
    "kenward-roger of ml": ({"ddf": "kenward-roger", "reml": False}, OptionError, "no meaning under ML"),
    "information": (
        {"information": "fisher"},
        OptionError,
        '`information` is "fisher". Choose one of observed, expected',
    ),
    "engine": ({"engine": "statsmodel"}, OptionError, "did you mean statsmodels?"),
    "nested by a word": ({"partially_nested": "arm"}, OptionError, "a mapping, such as {'therapist': 'arm'}"),
    "nested factor": ({"partially_nested": {"leeds": "arm"}}, OptionError, 'no factor of a random effect "leeds"'),
    "nested column": ({"partially_nested": {"leads": "amr"}}, OptionError, 'no column "amr"'),
    "nested in all": (
        {"partially_nested": {"leads": "arm"}},
        OptionError,
        "every arm has rows with a leads ('usual_care' in 36 of 36 rows; 'exercise' in 36 of 36 rows)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_named_with_its_remedy(case: str) -> None:
    changed, error, said = WRONG[case]
    asked = {"formula": "change ~ arm + (1 | leads)", "data": visits_trial(), **changed}
    with pytest.raises(error) as caught:
        fit_lmm(asked.pop("formula"), asked.pop("data"), **asked)
    assert said in str(caught.value)


UNFIT: dict[str, tuple[dict[str, Any], str, dict[str, Any], type[CoxaError], str]] = {
    "one level": ({"leads": "T1"}, "(1 | leads)", {}, FitError, "'leads' has 1 level in the analysed rows"),
    "a level for each row": ({"leads": range(72)}, "(1 | leads)", {}, FitError, "'leads' has a level for every row"),
    "the same levels twice": (
        {"lead": lambda d: d["leads"].str.lower()},
        "(1 | leads) + (1 | lead)",
        {},
        FitError,
        "'leads' and 'lead' have the same levels",
    ),
    "1 and '1'": (
        {"leads": lambda d: [1 if k % 5 else "1" for k in d.index]},
        "(1 | leads)",
        {},
        FitError,
        "two levels of 'leads' read the same, '1'",
    ),
    "constant outcome": ({"change": 3.0}, "(1 | leads)", {}, FitError, "The outcome is 3 in every row"),
    "explained outcome": (
        {"change": lambda d: d["arm"].cat.codes * 0.1},
        "(1 | leads)",
        {},
        FitError,
        "The fixed effects explain the outcome completely",
    ),
    "text outcome": ({"change": "good"}, "(1 | leads)", {}, FitError, "the outcome 'change' is not a number"),
    "infinite covariate": (
        {"week": lambda d: d["week"].where(d.index != 3, np.inf)},
        "(week | leads)",
        {},
        FitError,
        "the effect 'week' of 'leads' has no finite value in 1 rows",
    ),
    "dates": (
        {"week": lambda d: pd.Timestamp("2024-01-01") + pd.to_timedelta(d["week"], unit="D")},
        "(week | leads)",
        {},
        FitError,
        "'week' is a date or a duration",
    ),
    "dates as time": (
        {"day": lambda d: pd.Timestamp("2024-01-01") + pd.to_timedelta(d["week"], unit="D")},
        "(1 | leads)",
        {"covariance": "sp_exp", "time": "day"},
        DataError,
        "row 2, day: the time is not a number",
    ),
    "weight of zero": (
        {"w": lambda d: np.where(d.index == 9, 0, 1)},
        "(1 | leads)",
        {"weights": "w"},
        DataError,
        "row 11, w: the weight is not a number above 0",
    ),
    "no participant": (
        {"participant_id": lambda d: d["participant_id"].where(d.index != 6)},
        "(1 | leads)",
        {},
        DataError,
        "row 8, participant_id: the row has no participant_id",
    ),
    "two rows at one time": (
        {"week": lambda d: d["week"].where(d.index != 1, 6.0)},
        "(1 | leads)",
        {"covariance": "sp_exp", "time": "week"},
        DataError,
        "row 3, week: the participant has another row at this time",
    ),
    "two rows at one visit": (
        {"visit": lambda d: d["visit"].where(d.index != 1, "week_6")},
        "(1 | leads)",
        {"covariance": "ar1"},
        DataError,
        "row 3, participant P00, visit",
    ),
    "an intercept in an unstructured covariance": (
        {},
        PARTICIPANT,
        {"covariance": "us"},
        NonConvergenceError,
        "unstructured covariance within participants has the effects of participant_id in it already",
    ),
    "as many effects as rows": (
        {},
        "(0 + visit | participant_id)",
        {},
        FitError,
        "72 rows are few for 72 correlated effects of participant_id",
    ),
    "a slope far from zero": (
        {"week": lambda d: d["week"] + 20_000},
        "(week | participant_id)",
        {},
        NonConvergenceError,
        "use center(week) in the formula",
    ),
    "levels within arms": (
        {"leads": lambda d: d["arm"].astype(str)},
        "(1 | leads)",
        {},
        FitError,
        "look for a factor whose levels the fixed effects or other factors tell apart already",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_cannot_be_fitted_says_why(case: str) -> None:
    columns, effects, options, error, said = UNFIT[case]
    data = visits_trial().assign(**columns)
    with pytest.raises(error) as caught:
        fit_lmm(f"change ~ arm + {effects}", data, **options)
    assert said in str(caught.value)


def test_a_repeated_column_and_too_few_rows_are_refused() -> None:
    data = visits_trial()
    with pytest.raises(OptionError, match="2 columns are named 'arm'"):
        fit_lmm(f"change ~ arm + {PARTICIPANT}", pd.concat([data, data[["arm"]]], axis=1))
    with pytest.raises(FitError, match="3 rows are too few for 2 fixed effects and a variance"):
        fit_lmm("change ~ arm + (1 | leads)", data.iloc[[0, 3, 9]])
    with pytest.raises(FitError, match="no row has all of change, arm, leads"):
        fit_lmm("change ~ arm + (1 | leads)", data.iloc[:0])


def pairs() -> pd.DataFrame:
    """Return 30 participants in ten groups with two rows each."""
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(30), 2)
    rows = pd.DataFrame({"participant_id": who, "group": who // 3, "week": np.tile([0.0, 1], 30)})
    return rows.assign(visit=rows["week"].astype(int).astype(str), y=rng.normal(size=30)[who] + rng.normal(size=60))


@pytest.mark.parametrize("bar", ["|", "||"])
def test_a_random_slope_with_one_time_is_named(bar: str) -> None:
    rows = pairs().query("week == 1").assign(week=2.0)
    with pytest.raises(FitError, match="the effect 'week' of 'group' follows from 'Intercept' in every row"):
        fit_lmm(f"y ~ 1 + (week {bar} group)", rows)


@pytest.mark.parametrize("seed", [24, 26, 30, 48])
def test_an_intercept_and_a_slope_with_two_times_are_refused_whatever_the_outcome(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sd, slope = [4, 1, 0.5][seed % 3], [2, 0.1, 0.5][(seed // 3) % 3]
    level, trend = rng.normal(0, sd, 30), rng.normal(0, slope, 30)
    rows = pd.DataFrame(
        [
            (i, week, 50 + level[i] + trend[i] * week + rng.normal(0, 2))
            for i in range(30)
            for week in (0, 1)
            if i % 4 or week or seed % 2
        ],
        columns=["participant_id", "week", "y"],
    )
    with pytest.raises(FitError, match="variances of Intercept, week by participant_id and of the residuals apart"):
        fit_lmm("y ~ week + (week | participant_id)", rows)


def test_a_slope_that_some_participants_have_at_three_times_is_fitted() -> None:
    rows = pairs()
    rows["y"] += rows["week"] * np.random.default_rng(3).normal(size=30)[rows["participant_id"]]
    third = rows.query("participant_id < 10 and week == 1").assign(week=2.0)
    third["y"] += np.random.default_rng(4).normal(size=10)
    assert fit_lmm("y ~ week + (week | participant_id)", pd.concat([rows, third])).random is not None


def test_a_structure_that_leaves_nothing_to_a_slope_is_passed_over() -> None:
    data = visits_trial()
    with pytest.raises(NonConvergenceError, match="toeph from any start: the rows cannot tell the variances of"):
        fit_lmm("change ~ arm + (week | participant_id)", data, covariance="toeph", visit="visit")


def test_a_perfect_fit_is_refused_as_one() -> None:
    rows = pairs()
    with pytest.raises(NonConvergenceError, match="explain the outcome completely"):
        fit_lmm("y ~ week + (1 | participant_id)", rows.assign(y=2.0 * rows["participant_id"] + rows["week"]))


def test_a_variance_that_rests_on_one_level_with_two_rows_is_said() -> None:
    rows = pairs().drop_duplicates("participant_id")
    fit = fit_lmm("y ~ 1 + (1 | participant_id)", pd.concat([rows, rows.head(1).assign(y=1.0)]))
    assert any("levels of participant_id with more than one row: 1 of 30" in text for text in fit.warnings)


@pytest.mark.parametrize("residual", ["ar1", "sp_exp"])
def test_an_intercept_beside_the_one_correlation_of_two_rows_is_named(residual: str) -> None:
    time = "week" if residual == "sp_exp" else None
    with pytest.raises(NonConvergenceError, match="the one correlation there is"):
        fit_lmm("y ~ week + (1 | participant_id)", pairs(), covariance=residual, time=time)


def test_residuals_that_are_all_alike_within_participants_are_no_limit_of_independence() -> None:
    rng = np.random.default_rng(2)
    rows = pairs()
    rows["y"] = rng.normal(size=30)[rows["participant_id"]] + 1e-9 * rng.normal(size=60)
    with pytest.raises(NonConvergenceError):
        fit_mmrm("y ~ visit", rows, covariance="sp_exp", time="week")
