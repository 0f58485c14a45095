"""Retrieved dropouts against rbmi: the estimates and jackknife errors that its vignette prints.

rbmi, vignettes/retrieved_dropout.Rmd (conditional mean, jackknife): difference at the last visit -2.872 (0.945) under
missing at random, -2.506 (0.969) with the time since treatment stopped, -2.617 (0.975) with a shift at each visit.
The trial is drawn anew with its random numbers by retrieved_dropouts.R.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coxa.impute import conditional_mean
from coxa.models import fit_mmrm

MODELS = {
    "": ([], -2.872, 0.945),
    " + months_off * arm": (["months_off"], -2.506, 0.969),
    " + off * arm * visit": (["off"], -2.617, 0.975),
}
"""What the imputation model has in addition -> its columns that vary, and the estimate and error that rbmi prints."""


@pytest.mark.parametrize("added", list(MODELS))
def test_estimates_and_jackknife_errors_are_those_of_rbmi(added: str) -> None:
    d = pd.read_csv(Path(__file__).with_name("retrieved_dropouts.csv"), dtype={"visit": str})
    varying, estimate, error = MODELS[added]
    fit = fit_mmrm(f"change ~ baseline * visit + arm * visit{added}", d)
    found = conditional_mean(
        fit, d, reference="Control", varying=varying, formula="arm + baseline", standard_error="jackknife"
    )
    last = found.differences().only(visit="4").frame.iloc[0]
    assert last["estimate"] == pytest.approx(estimate, abs=6e-4)
    assert last["std_error"] == pytest.approx(error, abs=1.5e-3)
