"""Weights for lost patients: those of a logistic model of patients one by one, asked for by cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.audit import completeness_weights
from coxa.clinics.measures.cell_terms import fifths
from coxa.clinics.measures.loss_weights import LossWeights, loss_weights
from coxa.episodes import Episodes
from tests.spec.test_clinics_case_mix import DESCRIPTORS, rows
from tests.spec.tiny_clinics import episodes_in, episodes_of


def banded(episodes: Episodes) -> pd.DataFrame:
    """Return the episodes with an intake score one by one, with levels as Python makes them."""
    frame = rows().dropna(subset=["pain_intake"]).copy()
    cuts = [float(f"{cut:.6g}") for cut in frame["pain_intake"].quantile([0.2, 0.4, 0.6, 0.8])]
    assert fifths(episodes, ['"pain_intake"'], "TRUE") == [tuple(cuts)]
    frame["score"] = np.searchsorted(cuts, frame["pain_intake"], side="right").astype(str)
    age = np.searchsorted([50, 65], frame["age"].fillna(0), side="right").astype(str)
    frame["ages"] = np.where(frame["age"].isna(), "none", age)
    frame["sex"] = frame["sex"].fillna("none")
    return frame.assign(done=frame["pain_discharge"].notna().astype(int))


@pytest.fixture(scope="module")
def episodes() -> Episodes:
    return episodes_of(rows(), descriptors=DESCRIPTORS)


@pytest.fixture(scope="module")
def found(episodes: Episodes) -> LossWeights:
    return loss_weights(episodes)


def test_weights_are_those_of_patients_one_by_one(episodes: Episodes, found: LossWeights) -> None:
    frame = banded(episodes)
    expected = completeness_weights("done ~ score + clinic + condition + ages + sex + smoker", frame, cap=10.0)
    of_all = found.weights.iloc[0]
    for name in ("lowest", "highest", "effective_n", "n_seen", "n_capped"):
        assert of_all[name] == pytest.approx(getattr(expected, name), rel=1e-8)
    assert (of_all["clinic"], of_all["n_due"]) == ("all", len(frame))
    for name, part in expected.weights.groupby(frame["clinic"]):
        own = found.weights.set_index("clinic").loc[str(name)]
        used = part.dropna()
        assert (own["lowest"], own["highest"]) == pytest.approx((used.min(), used.max()), rel=1e-8)
        assert own["effective_n"] == pytest.approx(used.sum() ** 2 / (used**2).sum(), rel=1e-8)
        assert (own["n_seen"], own["n_due"]) == (len(used), len(part))


def test_the_weight_of_each_episode_is_asked_for_in_sql(episodes: Episodes, found: LossWeights) -> None:
    assert found.weight is not None
    sql = f"SELECT {found.weight.sql} AS w FROM episodes WHERE pain_discharge IS NOT NULL ORDER BY source_row"
    frame = banded(episodes)
    expected = completeness_weights("done ~ score + clinic + condition + ages + sex + smoker", frame, cap=10.0)
    np.testing.assert_allclose(episodes.query(sql, **found.weight.values)["w"], expected.weights.dropna(), rtol=1e-8)


def test_a_cap_is_that_of_the_weights_and_of_the_sql(episodes: Episodes) -> None:
    capped = loss_weights(episodes, cap=1.5)
    assert capped.weights["highest"].iloc[0] == 1.5
    assert capped.weights["n_capped"].iloc[0] > 0
    assert capped.weight is not None
    row = episodes.query(f"SELECT MAX({capped.weight.sql}) AS w FROM episodes", **capped.weight.values)
    assert row["w"].iloc[0] == 1.5


def test_the_terms_are_counted(found: LossWeights) -> None:
    by_term = found.terms.groupby("term")[["n_due", "n_done"]].sum()
    assert set(by_term.index) == {"intake score", "clinic", "condition", "age", "sex", "smoker"}
    assert (by_term["n_due"] == len(rows())).all()
    assert (by_term["n_done"] == rows()["pain_discharge"].notna().sum()).all()


def test_a_clinic_without_any_outcome_is_joined_and_named() -> None:
    lost = [*episodes_in("A", "2025-01", [1.0, 2.0, None, 1.0]), *episodes_in("B", "2025-01", [None, None])]
    found = loss_weights(episodes_of([*lost, *episodes_in("C", "2025-01", [1.0, None, 1.0])]))
    assert found.notes == ("Levels of `clinic` were joined, because in one all or none have the event: B, C.",)
    assert found.weights["clinic"].tolist() == ["all", "A", "B", "C"]
    assert found.weights.set_index("clinic").loc["B", ["n_seen", "n_due"]].tolist() == [0, 2]


def test_a_term_that_is_another_by_a_second_name_is_left_out_and_named() -> None:
    """Each clinic has one condition of its own."""
    parts = [episodes_in(name, "2025-01", [1.0, None, 1.0], condition=of) for name, of in (("A", "hip"), ("B", "knee"))]
    found = loss_weights(episodes_of([row for part in parts for row in part]))
    assert found.notes == ("`condition` is left out: its levels are the same patients as those of other terms.",)
    assert found.without == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([1.0, 2.0], "Every patient who was due has an outcome, so that no weights are used."),
        ([None, None], "No patient who was due has an outcome, so that there are no weights."),
    ],
)
def test_there_are_no_weights_where_all_or_none_are_lost(changes: list[float | None], reason: str) -> None:
    found = loss_weights(episodes_of(episodes_in("A", "2025-01", changes)))
    assert (found.without, len(found.weights), found.weight) == (reason, 0, None)


def test_nothing_due_has_its_own_reason() -> None:
    found = loss_weights(episodes_of(episodes_in("A", "2025-12", [1.0, None])))
    assert found.without.startswith("No questionnaire at discharge was due")
