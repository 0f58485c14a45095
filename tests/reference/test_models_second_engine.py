"""The likelihood against statsmodels' MixedLM, where both can express the model: compound symmetry."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.models.design.matrix import design_matrix
from coxa.models.numerics.pattern_sums import pattern_sums, stack
from coxa.models.numerics.reml import likelihood
from tests.reference.tolerances import DENSE, EFFECT
from tests.reference.trial import FORMULA, trial


@pytest.mark.parametrize("reml", [True, False])
def test_a_random_intercept_is_a_covariance_over_visits(reml: bool) -> None:
    data = trial()
    design = design_matrix(FORMULA, data)
    rows = data[design.complete]
    participant = pd.factorize(rows["participant_id"])[0]
    visit = rows["visit"].cat.codes.to_numpy().astype(int)
    engine = sm.MixedLM(design.y, design.x, groups=participant).fit(reml=reml)
    covariance = np.asarray(engine.cov_re)[0, 0] + engine.scale * np.eye(4)
    got = likelihood(stack(pattern_sums(participant, visit, design.x, design.y), 4), covariance, reml=reml)
    assert got.loglik == pytest.approx(engine.llf, rel=DENSE)
    assert (np.abs(got.beta - engine.fe_params) / np.sqrt(np.diag(got.phi))).max() < EFFECT
