"""Levels that share no rows are solved for apart: the same numbers, from sums that do not grow with their square."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError
from coxa.models import fit_lmm, fit_mmrm
from coxa.models.lmm import rows as mixed_rows
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.rows import MOST_ABOVE
from coxa.models.numerics.mixed import components
from coxa.models.results.fit import Fit

SAME = 1e-10
"""Apart and together are the same sums in another order."""


def clinics(count: int = 12, seed: int = 3) -> pd.DataFrame:
    """Return 1 to 4 therapists in each clinic, 2 to 5 participants of each, 4 weeks with gaps."""
    rng = np.random.default_rng(seed)
    therapists = np.repeat(np.arange(count), rng.integers(1, 5, count))
    people = np.repeat(np.arange(len(therapists)), rng.integers(2, 6, len(therapists)))
    who = np.repeat(np.arange(len(people)), 4)
    rows = pd.DataFrame({"participant_id": who, "week": np.tile(np.arange(4.0), len(people))})
    rows["therapist"] = people[who]
    rows["clinic"] = therapists[rows["therapist"]]
    rows["visit"] = pd.Categorical(rows["week"].astype(int).astype(str))
    rows["arm"] = np.where(who % 2 == 1, "exercise", "usual_care")
    rows["weight"] = rng.uniform(0.5, 2, len(rows))
    effects = rng.normal(size=count)[rows["clinic"]] + rng.normal(size=len(therapists))[rows["therapist"]]
    own = rng.normal(size=len(people))[who] + 0.4 * rng.normal(size=len(people))[who] * rows["week"]
    rows["pain"] = 5 - 0.2 * rows["week"] + effects + own + rng.normal(size=len(rows))
    return rows[rng.random(len(rows)) < 0.9].reset_index(drop=True)


def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed_rows, "FEW", 0)
    monkeypatch.setattr(components, "GAIN", 0.0)


FORMULAS = {
    "nested": "pain ~ arm * week + (1 | clinic/therapist) + (1 | participant_id)",
    "slopes": "pain ~ arm * week + (week | participant_id) + (1 | therapist) + (week | clinic)",
    "nested in fact": "pain ~ arm * week + (week || participant_id) + (1 | clinic)",
}


def numbers(fit: Fit, new: pd.DataFrame) -> dict[str, np.ndarray]:
    predicted = [fit.predict(new, random=random)[["estimate", "std_error"]] for random in (True, ["clinic"])]
    return {
        "loglik": np.array([fit.loglik]),
        "effects": fit.params.to_numpy(),
        "covariance": fit.inference.covariance,
        "df": fit.df.to_numpy(),
        "variances": fit.covariance_parameters.to_numpy(),
        "random effects": fit.random_effects()[["value", "std_error", "conditional_sd"]].to_numpy(),
        "predicted": np.concatenate([table.to_numpy() for table in predicted]),
    }


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
@pytest.mark.parametrize("model", [*FORMULAS, "weighted", "ar1", "mmrm", "full likelihood"])
def test_clinics_solved_for_apart_give_the_numbers_of_all_together(
    model: str, ddf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = clinics()
    new = rows.sample(40, random_state=1)
    new = new.assign(clinic=new["clinic"].where(np.arange(40) > 8, 1))  # a participant in another clinic
    new = new.assign(participant_id=new["participant_id"].where(np.arange(40) < 30, -1))
    if model == "full likelihood" and ddf == "kenward-roger":
        pytest.skip("Kenward-Roger is for restricted likelihood")

    def fitted() -> Fit:
        if model == "mmrm":
            return fit_mmrm("pain ~ arm * visit + (1 | clinic/therapist)", rows, ddf=ddf)
        return fit_lmm(
            FORMULAS.get(model, FORMULAS["nested"]),
            rows,
            ddf=ddf,
            weights="weight" if model == "weighted" else None,
            covariance="ar1" if model == "ar1" else "independent",
            reml=model != "full likelihood",
        )

    together = fitted()
    assert random_part_of(together).model.outer_factors.components == 1
    apart(monkeypatch)
    alone = fitted()
    assert random_part_of(alone).model.outer_factors.components > 2
    wanted = numbers(together, new)
    for name, found in numbers(alone, new).items():
        np.testing.assert_allclose(found, wanted[name], rtol=SAME, atol=SAME, err_msg=name)


def test_matrices_grow_with_the_clinics_and_not_with_their_square() -> None:
    def cells(count: int) -> int:
        rng = np.random.default_rng(count)
        people = pd.DataFrame({"participant_id": np.arange(4 * count), "clinic": np.repeat(np.arange(count), 4)})
        rows = people.loc[np.repeat(people.index, 2)].reset_index(drop=True)
        shared = rng.normal(size=count)[rows["clinic"]] + rng.normal(size=4 * count)[rows["participant_id"]]
        rows["pain"] = shared + rng.normal(size=len(rows))
        fit = fit_lmm("pain ~ 1 + (1 | clinic/participant_id)", rows)
        return random_part_of(fit).optimum.at.moments.size

    assert cells(800) < 5 * cells(200)


def test_a_level_of_two_columns_is_made_for_the_pairs_that_occur() -> None:
    rows = pd.DataFrame({"clinic": [2, 1, 1, 2, 2], "therapist": list("abbac"), "y": [1.0, 2, 4, 3, 6]})
    fit = fit_lmm("y ~ 1 + (1 | clinic:therapist)", rows)
    assert fit.random_effects()["level"].to_list() == ["1:b", "2:a", "2:c"]


def test_crossed_factors_that_take_too_much_memory_are_refused_with_the_number() -> None:
    rng = np.random.default_rng(1)
    count = MOST_ABOVE + 200
    raters = np.concatenate([np.arange(count), rng.permutation(count)])
    rows = pd.DataFrame(
        {"rater": raters, "participant_id": np.tile(np.arange(count), 2), "y": rng.normal(size=2 * count)}
    )
    with pytest.raises(FitError, match=r"\d+ GB of memory"):
        fit_lmm("y ~ 1 + (1 | rater) + (1 | participant_id)", rows)
