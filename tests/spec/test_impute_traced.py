"""What an imputed value is made of: against the conditional normal distribution, and as `coxa why` says it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.impute import incomplete_outcomes, trace_imputed
from coxa.models import fit_mmrm
from coxa.report.trace.crate import NOT_SHARED
from coxa.report.trace.imputed import FILE, imputed_frame, why_imputed
from tests.spec.test_imputation_report import report


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(60), 3)
    d = pd.DataFrame({"participant_id": who, "visit": list("abc") * 60, "arm": np.where(who % 2, "new", "old")})
    d["change"] = rng.normal(size=60)[who] + rng.normal(size=180) + 2 * (d["arm"] == "new")
    d.loc[[4, 5, 10, 14], "change"] = np.nan
    return d


@pytest.mark.parametrize("strategy", ["mar", "j2r"])
def test_mean_and_spread_are_those_of_the_conditional_normal_distribution(data: pd.DataFrame, strategy: str) -> None:
    fit = fit_mmrm("change ~ arm * visit", data)
    found = trace_imputed(fit, incomplete_outcomes(fit, data, reference="old", strategy=strategy))
    own = found[found["participant_id"] == 1].set_index("visit")
    means = data.assign(change=0).groupby("arm").head(3)
    mu = {arm: fit.design.rows(means[means["arm"] == arm]) @ fit.params.to_numpy() for arm in ("new", "old")}
    after = mu["old"] if strategy == "j2r" else mu["new"]
    cov = fit.covariance.to_numpy()
    slope = cov[1:, :1] / cov[0, 0]
    seen = data.loc[3, "change"] - mu["new"][0]
    np.testing.assert_allclose(own["mean"], after[1:] + slope[:, 0] * seen, rtol=1e-8)
    np.testing.assert_allclose(own["sd"] ** 2, np.diag(cov[1:, 1:] - slope @ cov[:1, 1:]), rtol=1e-8)
    np.testing.assert_allclose(own["strategy_mean"], after[1:], rtol=1e-8)
    assert own["observed"].unique().tolist() == [f"a {data.loc[3, 'change']:g}"]


def test_a_gap_has_no_event_and_no_reference(data: pd.DataFrame) -> None:
    fit = fit_mmrm("change ~ arm * visit", data)
    found = trace_imputed(fit, incomplete_outcomes(fit, data, reference="old", strategy="j2r"))
    gap = found[(found["participant_id"] == 3) & (found["visit"] == "b")]
    assert gap["kind"].tolist() == [""]
    assert gap["event"].tolist() == [""]


def test_why_says_what_was_observed_and_the_reference_arm(tmp_path: Path) -> None:
    frame = imputed_frame(report())
    assert frame is not None
    assert frame["analysis"].unique().tolist() == ["mar", "jump", "worse"]
    frame.to_csv(tmp_path / FILE, index=False)
    one = frame[(frame["analysis"] == "jump") & (frame["arm"] == "exercise")].iloc[0]
    said = dict(why_imputed(tmp_path, one["participant_id"], one["visit"], "jump"))
    assert said["reference arm"] == "usual_care"
    assert said["strategy"] == "jump to reference"
    assert said["because"] == "Where the outcomes of a participant end"
    assert dict(why_imputed(tmp_path, one["participant_id"], one["visit"], "worse"))["delta"].endswith("5.000")
    assert len(why_imputed(tmp_path, one["participant_id"], one["visit"])) > len(said)


def test_why_names_what_it_cannot_find(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"A report that is shared keeps no values of participants"):
        why_imputed(tmp_path, "p", "w6")
    frame = imputed_frame(report())
    assert frame is not None
    frame.to_csv(tmp_path / FILE, index=False)
    with pytest.raises(OptionError, match="No outcome of this participant is imputed"):
        why_imputed(tmp_path, "nobody", "w6")
    with pytest.raises(OptionError, match="analysis with imputed outcomes"):
        why_imputed(tmp_path, "nobody", "w6", "primary")


def test_imputed_values_are_not_shared() -> None:
    assert FILE in NOT_SHARED
