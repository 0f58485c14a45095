"""From a formula and a frame to named columns: coding, gaps, unused levels, dependence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError, OptionError, RankDeficientError
from coxa.models.design.matrix import design_matrix, orthonormal


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "change": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "arm": pd.Categorical(["usual_care", "exercise"] * 3, ["usual_care", "exercise", "sham"]),
            "visit": ["week_6", "week_6", "week_12", "week_12", "week_6", "week_12"],
            "baseline": [10.0, 20.0, 30.0, 40.0, 50.0, np.nan],
            "smoker": [True, False, False, True, True, False],
        }
    )


def test_names_and_values_of_the_columns() -> None:
    design = design_matrix("change ~ baseline + arm * visit", table())
    assert design.names == ("Intercept", "baseline", "arm[exercise]", "visit[week_6]", "arm[exercise]:visit[week_6]")
    assert design.x.tolist() == [
        [1, 10, 0, 1, 0],
        [1, 20, 1, 1, 1],
        [1, 30, 0, 0, 0],
        [1, 40, 1, 0, 0],
        [1, 50, 0, 1, 0],
    ]
    assert dict(design.terms) == {"Intercept": (0,), "baseline": (1,), "arm": (2,), "visit": (3,), "arm:visit": (4,)}


def test_a_row_with_a_gap_is_left_out_by_name() -> None:
    design = design_matrix("change ~ baseline", table())
    assert design.complete.tolist() == [True, True, True, True, True, False]
    assert design.left_out.to_dict("records") == [{"row": 5, "missing": "baseline"}]


def test_an_unused_level_is_named_and_has_no_column() -> None:
    design = design_matrix("change ~ arm", table())
    assert dict(design.unused_levels) == {"arm": ("sham",)}
    assert design.names == ("Intercept", "arm[exercise]")


def test_the_order_of_categories_decides_the_reference_and_text_is_sorted() -> None:
    design = design_matrix("change ~ arm + visit + smoker", table())
    assert design.levels == {
        "arm": ("usual_care", "exercise"),
        "visit": ("week_12", "week_6"),
        "smoker": (False, True),
    }


@pytest.mark.parametrize("term", ["poly(baseline, 2)", "bs(baseline, df=3)", "cr(baseline, df=3)", "center(baseline)"])
def test_a_transform_remembers_the_rows_it_was_made_on(term: str) -> None:
    data = table().assign(baseline=[10.0, 20, 30, 40, 50, 60])
    design = design_matrix(f"change ~ {term}", data)
    np.testing.assert_allclose(design.rows(data.iloc[[4]]), design.x[[4]], atol=1e-12)


def test_new_rows_with_an_unseen_level_are_refused() -> None:
    design = design_matrix("change ~ arm", table())
    with pytest.raises(
        OptionError, match=r"'arm' has no level 'sham' in the analysed rows. Choose from usual_care, exercise."
    ):
        design.rows(pd.DataFrame({"arm": ["sham"]}))


def test_the_frame_that_comes_in_is_not_changed() -> None:
    data = table()
    design_matrix("change ~ arm * visit + log(baseline)", data)
    pd.testing.assert_frame_equal(data, table())


def test_a_logarithm_of_zero_is_an_error() -> None:
    with pytest.raises(
        FitError, match=r"'log\(baseline\)' has no finite value in 1 rows\.\n  1\. Check the column\. A logarithm"
    ):
        design_matrix("change ~ log(baseline)", table().assign(baseline=[0.0, 1, 2, 3, 4, 5]))


def test_an_outcome_of_text_is_an_error() -> None:
    with pytest.raises(FitError, match="the outcome 'visit' is not a number"):
        design_matrix("visit ~ arm", table())


def test_no_complete_row_is_an_error() -> None:
    with pytest.raises(FitError, match="no row has all of change, baseline"):
        design_matrix("change ~ baseline", table().assign(baseline=np.nan))


@pytest.mark.parametrize("formula", ["change ~ baseline + * arm", "change ~ (baseline", "change ~ bs(baseline, df=1)"])
def test_what_formulaic_cannot_read_is_an_option_error(formula: str) -> None:
    with pytest.raises(OptionError, match="Allowed: names of columns"):
        design_matrix(formula, table())


def test_no_fixed_effect_is_an_error() -> None:
    with pytest.raises(OptionError, match=r"has no fixed effect on the right\. Write 1 for a mean alone"):
        design_matrix("change ~ 0", table())


def test_dependent_columns_are_named_with_what_they_are_made_of() -> None:
    x = np.array([[1, 1, 0, 2], [1, 0, 1, 3], [1, 1, 0, 5], [1, 0, 1, 7.5]])
    with pytest.raises(RankDeficientError) as raised:
        orthonormal(x, ["Intercept", "north", "south", "age"])
    message = str(raised.value)
    assert "1 of 4 fixed effects cannot be estimated" in message
    assert all(name in message.split("\n")[0] for name in ("Intercept", "north", "south"))
    assert "age" not in message.split("\n")[0]


def test_a_column_of_zeros_is_named() -> None:
    with pytest.raises(RankDeficientError, match="'empty' is zero"):
        orthonormal(np.array([[1.0, 0], [1, 0], [1, 0]]), ["Intercept", "empty"])


def test_orthonormal_coordinates_go_back_to_the_columns() -> None:
    x = np.column_stack([np.ones(5), 738000 + np.arange(5.0), [1e-6, 0, 2e-6, 1e-6, 5e-6]])
    basis = orthonormal(x, ["Intercept", "day", "tiny"])
    np.testing.assert_allclose(basis.q.T @ basis.q, np.eye(3), atol=1e-8)
    np.testing.assert_allclose(x @ basis.back, basis.q, atol=1e-8)
    shifted = np.column_stack([np.ones(5), np.arange(-2, 3.0), [1, 0, 2, 1, 5]])  # the same volume, but for 1e-6
    volume = 0.5 * np.linalg.slogdet(shifted.T @ shifted)[1] + np.log(1e-6)
    assert basis.log_det == pytest.approx(volume, rel=1e-9)


def test_a_text_column_of_numbers_is_not_taken_for_a_factor() -> None:
    data = pd.DataFrame({"y": range(8), "baseline": [f"{45 + k},3" for k in range(8)]})
    with pytest.raises(FitError, match=r"'baseline' is text that reads as numbers, such as '45,3'"):
        design_matrix("y ~ baseline", data)
    codes = data.assign(baseline=list("12121212"))
    assert design_matrix("y ~ baseline", codes).names == ("Intercept", "baseline[2]")


def test_a_factor_of_one_level_is_refused_by_name() -> None:
    data = pd.DataFrame({"y": range(4), "arm": ["exercise"] * 4})
    with pytest.raises(FitError, match="every analysed row has arm 'exercise', and a factor has two levels"):
        design_matrix("y ~ arm", data)
