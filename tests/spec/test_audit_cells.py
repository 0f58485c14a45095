"""Logistic regression of counts in cells: as of patients one by one; what is joined, left out or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.audit import cell_weights, completeness_weights, fit_cells
from coxa.errors import FitError, OptionError

TERMS = ["sex", "clinic", "age"]


def patients(n: int = 2000, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"sex": rng.choice(list("fm"), n), "clinic": rng.choice(list("ABCDE"), n)})
    frame["age"] = rng.choice(["young", "middle", "old"], n, p=[0.2, 0.5, 0.3])
    eta = 0.5 + 0.4 * (frame["sex"] == "m") - 0.6 * (frame["age"] == "young") + 0.3 * (frame["clinic"] == "C")
    return frame.assign(done=(rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int))


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(TERMS)["done"].agg(["size", "sum"]).set_axis(["due", "seen"], axis=1).reset_index()


@pytest.mark.parametrize("cap", [None, 1.7])
def test_weights_are_those_of_patients_one_by_one(cap: float | None) -> None:
    people = patients()
    cells = counted(people)
    fit = fit_cells(cells, "due", "seen", TERMS)
    found = cell_weights(fit, cells, "due", "seen", cap=cap)
    expected = completeness_weights("done ~ sex + clinic + age", people, cap=cap)
    own = people.merge(cells.assign(weight=found.weights), on=TERMS, how="left")["weight"]
    np.testing.assert_allclose(own[people["done"] == 1], expected.weights.dropna(), rtol=1e-9)
    for name in ("lowest", "highest", "effective_n", "n_seen", "n_capped"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    assert found.n_due == len(people)


def test_estimates_and_errors_are_those_of_statsmodels() -> None:
    cells = counted(patients())
    fit = fit_cells(cells, "due", "seen", TERMS)
    names = [(row.term, row.level) for row in fit.terms.itertuples() if row.estimate != 0]
    x = np.column_stack([np.ones(len(cells)), *[(cells[term] == level).astype(float) for term, level in names]])
    counts = np.column_stack([cells["seen"], cells["due"] - cells["seen"]])
    glm = sm.GLM(counts, x, family=sm.families.Binomial()).fit(tol=1e-13)
    own = fit.terms[fit.terms["estimate"] != 0]["estimate"]
    np.testing.assert_allclose([fit.intercept, *own], glm.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.probability, glm.fittedvalues, rtol=1e-9)
    order = np.argsort([0, *_places(fit.terms)])
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), np.sqrt(np.diag(glm.cov_params()))[order], rtol=1e-6)


def _places(terms: pd.DataFrame) -> list[int]:
    """Return the place of each estimate in the covariance: by term, the most frequent level first."""
    start, places = 1, []
    for _, rows in terms.groupby("term", sort=False):
        rank = rows["tries"].rank(ascending=False, method="first").astype(int) - 1
        places += [start + rank[k] - 1 for k in rows.index if rank[k] > 0]
        start += len(rows) - 1
    return places


def test_a_level_without_events_is_joined_with_the_smallest_other() -> None:
    cells = pd.DataFrame({"clinic": list("ABCD"), "due": [10, 50, 20, 30], "seen": [0, 30, 10, 12]})
    fit = fit_cells(cells, "due", "seen", ["clinic"])
    assert fit.terms["joined"].tolist() == ["other", "B", "other", "D"]
    assert fit.probability.round(6).tolist() == [0.333333, 0.6, 0.333333, 0.4]
    assert fit.notes == ("Levels of `clinic` were joined, because in one all or none have the event: A, C.",)


def test_a_level_that_is_called_other_is_joined_with_those_that_get_the_name() -> None:
    cells = pd.DataFrame({"clinic": ["A", "B", "other", "D"], "due": [10, 50, 20, 30], "seen": [0, 30, 10, 12]})
    fit = fit_cells(cells, "due", "seen", ["clinic"])
    assert fit.terms["joined"].tolist() == ["other", "B", "D", "other"]
    assert fit.notes[0].endswith(": A, other.")


def test_a_term_with_one_level_is_left_out() -> None:
    cells = pd.DataFrame({"sex": ["f", "m"], "clinic": ["A", "A"], "due": [10, 10], "seen": [4, 6]})
    fit = fit_cells(cells, "due", "seen", ["clinic", "sex"])
    assert fit.notes == ("`clinic` is left out: it has one level.",)
    assert fit.probability.round(9).tolist() == [0.4, 0.6]


def test_two_names_of_one_thing_are_refused() -> None:
    cells = pd.DataFrame({"sex": list("fm"), "gender": list("wm"), "due": [10, 10], "seen": [4, 6]})
    with pytest.raises(FitError, match="same patients"):
        fit_cells(cells, "due", "seen", ["sex", "gender"])


def test_terms_that_tell_exactly_are_refused() -> None:
    """Every level has both, and yet a combination of levels tells who is seen."""
    cells = pd.DataFrame({"a": list("xxyy"), "b": list("uvuv"), "due": [10, 10, 10, 10], "seen": [0, 4, 6, 10]})
    with pytest.raises(FitError, match="exactly"):
        fit_cells(cells, "due", "seen", ["a", "b"])


def test_faults_are_named() -> None:
    cells = pd.DataFrame({"sex": list("fm"), "due": [10, 10], "seen": [4, 11]})
    with pytest.raises(OptionError, match="more events than tries"):
        fit_cells(cells, "due", "seen", ["sex"])
    with pytest.raises(OptionError, match="sexx"):
        fit_cells(cells, "due", "seen", ["sexx"])
    with pytest.raises(FitError, match="All or none"):
        fit_cells(cells.assign(seen=0), "due", "seen", ["sex"])
    good = cells.assign(seen=[4, 6])
    with pytest.raises(OptionError, match="cap"):
        cell_weights(fit_cells(good, "due", "seen", ["sex"]), good, "due", "seen", cap=1.0)
