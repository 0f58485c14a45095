"""Conditional mean imputation with the jackknife against rbmi, on the reference trial."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.impute import conditional_mean
from coxa.models import Fit, fit_mmrm
from tests.reference.make_reference_trial import VISITS
from tests.reference.tolerances import RBMI
from tests.reference.trial import FORMULA, reference, trial

WORDS = {"mar": "MAR", "j2r": "JR", "cr": "CR", "cir": "CIR"}


@cache
def rows() -> pd.DataFrame:
    both = trial()
    both = both[both["arm"] != "manual_therapy"]
    return both.assign(arm=both["arm"].cat.remove_unused_categories())


@cache
def fitted() -> Fit:
    return fit_mmrm(FORMULA, rows())


@pytest.mark.parametrize("word", WORDS)
def test_means_differences_and_jackknife_errors_are_those_of_rbmi(word: str) -> None:
    printed: dict[str, Any] = reference("rbmi")[WORDS[word]]
    found = conditional_mean(
        fitted(), rows(), reference="usual_care", strategy=word, formula="arm + baseline + site + sex",
        standard_error="jackknife",
    )  # fmt: skip
    table = found.means() + found.differences()
    names = {"trt": ("difference", "exercise"), "lsm_ref": ("marginal_mean", "usual_care"),
             "lsm_alt": ("marginal_mean", "exercise")}  # fmt: skip
    for name, (term, arm) in names.items():
        for visit in VISITS:
            ours = table.only(term=term, visit=visit, arm=arm).frame.iloc[0]
            place = printed["parameter"].index(f"{name}_{visit}")
            theirs = {key: printed[key][place] for key in ("est", "se", "lci", "pval")}
            assert ours["estimate"] == pytest.approx(theirs["est"], abs=RBMI * theirs["se"])
            assert ours["std_error"] == pytest.approx(theirs["se"], rel=RBMI)
            assert ours["conf_low"] == pytest.approx(theirs["lci"], abs=2 * RBMI * theirs["se"])
            assert ours["p_value"] == pytest.approx(theirs["pval"], rel=10 * RBMI)


def test_as_many_have_an_event() -> None:
    found = conditional_mean(fitted(), rows(), reference="usual_care", standard_error="gradient")
    assert int((found.outcomes.event < len(VISITS)).sum()) == reference("rbmi")["n_ice"]


def test_the_gradient_is_near_the_jackknife() -> None:
    errors = [
        conditional_mean(fitted(), rows(), reference="usual_care", strategy="j2r", standard_error=how)
        .differences()
        .frame["std_error"]
        .to_numpy()
        for how in ("gradient", "jackknife")
    ]
    np.testing.assert_allclose(errors[0], errors[1], rtol=0.05)
