"""Logistic, count and Cox models of many simulated trials: the numbers of the plan run on each, by one design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa import read_study
from coxa.analyses.methods import method_of
from coxa.design.by_simulation.run import Piece, run_piece
from coxa.models.design.matrix import design_matrix
from coxa.models.design.parts import parts_of
from coxa.study.kinds import study_of
from tests.spec.power_plan import power_plan

OUTCOMES = Path(__file__).parents[2] / "analyses" / "outcomes"
BLOCKS = {"randomisation": {"scheme": "blocks", "block_sizes": [4], "strata": ["sex"]}}
SEX = {"type": "category", "levels": ["f", "m"]}


def written(file: str, analysis: dict[str, Any], **changes: Any) -> Any:
    """Return a plan of the outcomes analyses with one analysis, and two levels of sex as a covariate."""
    plan = read_study(OUTCOMES / file).model_dump(mode="json", exclude_unset=True)
    plan["covariates"]["sex"] = SEX
    plan["assumptions"]["covariates"] = {"sex": {"shares": {"f": 0.6, "m": 0.4}}}
    return study_of(plan | {"analyses": {"only": analysis}} | changes)


PLANS: dict[str, Any] = {
    "responders": lambda: written("responders.yaml", {"estimand": "responder", "model": "logistic", "adjust": ["age"]}),
    "non-responders": lambda: written(
        "responders.yaml",
        {"estimand": "responder", "model": "logistic", "adjust": ["sex"], "missing_response": "non_responder"},
    ),
    "in blocks": lambda: written(
        "responders.yaml",
        {"estimand": "falls", "model": "logistic", "adjust": ["age"], "small_samples": False},
        **BLOCKS,
    ),
    "delta method": lambda: written("responders.yaml", {"estimand": "falls", "model": "logistic", "variance": "ge"}),
    "three arms": lambda: power_plan({"only": {"estimand": "response", "model": "logistic", "adjust": ["age"]}}),
    "flares": lambda: written("flares.yaml", {"estimand": "flares", "model": "counts", "adjust": ["age", "sex"]}),
    "injuries": lambda: written(
        "flares.yaml", {"estimand": "injuries", "model": "counts", "family": "poisson", "vcov": "HC1"}
    ),
    "return": lambda: written("return_to_sport.yaml", {"estimand": "hazard", "model": "cox", "adjust": ["age"]}),
    "return in strata": lambda: written(
        "return_to_sport.yaml", {"estimand": "hazard", "model": "cox", "strata": ["sex"]}
    ),
}


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("n", [14, 60])
def test_the_numbers_are_those_of_the_plan_run_on_each_trial(
    kind: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = PLANS[kind]()
    piece = Piece(study, n, ("only",), 3, 0, 6)
    together = run_piece(piece)
    method = type(method_of(study.analyses["only"]))
    assert method_of(study.analyses["only"]).together(study.planned("only")) == "regression"
    monkeypatch.setattr(method, "together", lambda *_: None)
    pd.testing.assert_frame_equal(together, run_piece(piece), rtol=1e-10)
    assert together["estimate"].notna().any()


@pytest.mark.parametrize(
    ("file", "analysis"),
    [
        ("responders.yaml", {"estimand": "responder", "model": "logistic", "multiplicity": "holm"}),
        ("flares.yaml", {"estimand": "flares", "model": "counts", "family": "zero_inflated_poisson"}),
        ("flares.yaml", {"estimand": "flares", "model": "counts", "averaging": "equal"}),
    ],
)
def test_what_one_design_cannot_give_is_fitted_singly(file: str, analysis: dict[str, Any]) -> None:
    study = written(file, analysis)
    assert method_of(study.analyses["only"]).together(study.planned("only")) is None


def test_parts_of_a_design_are_the_designs_of_the_parts() -> None:
    rng = np.random.default_rng(1)
    d = pd.DataFrame({"part": np.repeat([0, 1, 2, 5], 20), "x": rng.normal(size=80), "y": rng.normal(size=80)})
    d["arm"] = pd.Categorical(rng.choice(["a", "b"], 80), ["a", "b"])
    d["sex"] = rng.choice(["f", "m"], 80)
    d.loc[3, "x"] = np.nan
    d.loc[d["part"] == 1, "sex"] = "f"
    whole = design_matrix("y ~ arm * x + sex", d)
    found = {k: (rows, part) for k, rows, part in parts_of(whole, d["part"].to_numpy(), "arm")}
    assert list(found) == [0, 2, 5]
    for k, (rows, part) in found.items():
        alone = design_matrix("y ~ arm * x + sex", d[d["part"] == k])
        assert d.iloc[rows]["part"].unique().tolist() == [k]
        np.testing.assert_array_equal(part.x, alone.x)
        np.testing.assert_array_equal(part.y, alone.y)
        np.testing.assert_array_equal(part.complete, alone.complete)
        for place in (0, 1):
            np.testing.assert_array_equal(part.rows_as("arm", place), alone.rows_as("arm", place))
