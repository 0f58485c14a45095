"""Power where participants stop and follow another arm: the truth of the plan is that of the strategy that says so."""

from __future__ import annotations

from typing import Any

import pytest

import coxa
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.sizes import few
from tests.spec.power_plan import MMRM, power_plan

IMPUTED: dict[str, Any] = {"estimand": "primary", "model": "imputation", "adjust": ["baseline * visit", "age"]}


def plan(keeps: float) -> ComparativeStudy:
    """Return a plan in which four in ten of an arm stop, leave, and go on as usual care."""
    content = power_plan({"primary": MMRM}).model_dump(mode="json", exclude_unset=True)
    content["intercurrent_events"] = {"stop": {}}
    for estimand in content["estimands"].values():
        estimand["intercurrent_events"] = {"stop": "treatment_policy"}
    stop = {"probability": {"exercise": 0.4}, "switch_to": "usual_care", "keeps": keeps, "leaves": 1}
    content["assumptions"] |= {"participants": 240, "dropout": {"probability": 0.0}, "events": {"stop": stop}}
    content["assumptions"]["outcomes"]["pain"]["mean_change"] = {"exercise": 20}
    content["analyses"] = {word: IMPUTED | {"strategy": word, "role": "sensitivity"} for word in ("mar", "cir", "j2r")}
    content["analyses"]["mar"]["role"] = "primary"
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


@pytest.mark.parametrize(("keeps", "right"), [(0.0, "j2r"), (1.0, "cir")])
def test_the_strategy_that_is_true_has_no_bias(keeps: float, right: str) -> None:
    found = coxa.simulated_power(plan(keeps), replicates=few(8, 60), seed=2, analyses=["mar", right]).frame
    last = found[(found["visit"] == "w26") & (found["arm"] == "exercise")].set_index("analysis")
    bias, error = last["bias"], last["bias_error"]
    assert abs(bias[right]) < 3.5 * error[right] + 0.4
    assert bias["mar"] > bias[right]
