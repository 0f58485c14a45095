"""Shares of patients who reach something: counted by hand, and expected by a logistic model of patients one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.audit import binomial_limits
from coxa.clinics.measures.shares import share, shares
from coxa.models.design.matrix import design_matrix
from tests.spec.test_clinics_case_mix import DESCRIPTORS, known, rows
from tests.spec.tiny_clinics import PLAN, episodes_in, episodes_of

OUTCOMES = {"pain": PLAN["outcomes"]["pain"] | {"acceptable": {"value": 3, "source": "Others 2019"}}}


def test_every_kind_is_counted_by_its_threshold() -> None:
    """From 8: 6 is 2 better, 5.9 is more, 3 is acceptable, 10 is 2 worse."""
    changes = [2.0, 2.1, 5.0, -2.0, 1.9, None]
    found = shares(episodes_of(episodes_in("A", "2025-01", changes), outcomes=OUTCOMES), "pain")
    assert [(one.kind, one.value, one.source, one.events, one.n) for one in found] == [
        ("important", 2.0, "Somebody 2020", 3, 5),
        ("acceptable", 3.0, "Others 2019", 1, 5),
        ("worse", 2.0, "Somebody 2020", 1, 5),
    ]


def test_without_a_threshold_worse_is_worse_at_all() -> None:
    plain = {"pain": {"instrument": "nprs"}}
    found = shares(episodes_of(episodes_in("A", "2025-01", [1.0, 0.0, -0.5]), outcomes=plain), "pain")
    assert [(one.kind, one.events, one.n) for one in found] == [("worse", 1, 3)]
    assert np.isnan(found[0].value)


def test_limits_are_exact_at_the_share_of_all() -> None:
    few = [*episodes_in("A", "2025-01", [3.0] * 4 + [0.0] * 6), *episodes_in("B", "2025-01", [3.0] * 9 + [0.0])]
    found = share(episodes_of(few), "pain", "important")
    assert (found.events, found.n) == (13, 20)
    low, high = binomial_limits([10, 10], 13 / 20, 0.95)
    np.testing.assert_allclose(found.clinics[["low_95", "high_95"]], np.column_stack([low, high]))
    assert found.clinics["share"].tolist() == [0.4, 0.9]
    assert found.clinics["expected"].isna().all()


def test_expected_events_are_those_of_patients_one_by_one() -> None:
    found = share(episodes_of(rows(), descriptors=DESCRIPTORS), "pain", "important")
    frame = known()
    cuts = frame["pain_intake"].quantile([0.2, 0.4, 0.6, 0.8]).map(lambda cut: float(f"{cut:.6g}"))
    frame["fifth"] = np.searchsorted(cuts, frame["pain_intake"], side="right").astype(str)
    age = np.searchsorted([50, 65], frame["age"].fillna(0), side="right").astype(str)
    frame["ages"] = np.where(frame["age"].isna(), "none", age)
    frame["event"] = (frame["change"] >= 2 - 1e-9).astype(float)
    design = design_matrix("event ~ fifth + condition + ages + sex", frame)
    fitted = sm.GLM(design.y, design.x, family=sm.families.Binomial()).fit(tol=1e-13).fittedvalues
    expected = pd.Series(fitted).groupby(frame["clinic"].to_numpy()).sum()
    clinics = found.clinics.set_index("clinic")
    np.testing.assert_allclose(clinics["expected"], expected, rtol=1e-7)
    assert clinics["expected"].sum() == pytest.approx(found.events, rel=1e-9)
    np.testing.assert_allclose(clinics["events"], frame.groupby("clinic")["event"].sum())
    overall = found.events / found.n
    np.testing.assert_allclose(clinics["adjusted"], overall * clinics["events"] / clinics["expected"])
    assert clinics["position"].to_dict() == {f"C{k}": "high" if k == 5 else "within" for k in range(6)}


def test_what_all_or_none_reach_has_no_limits_beside_it() -> None:
    found = share(episodes_of(episodes_in("A", "2025-01", [3.0] * 40)), "pain", "important")
    assert found.clinics[["share", "low_95", "high_99.8", "position"]].values.tolist() == [[1.0, 1.0, 1.0, "within"]]


def test_nobody_with_an_outcome_has_no_clinics() -> None:
    found = share(episodes_of(episodes_in("A", "2025-01", [None])), "pain", "important")
    assert (found.events, found.n, len(found.clinics)) == (0, 0, 0)
