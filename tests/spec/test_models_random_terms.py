"""The grammar of random effects: what a formula may say, what it means, and how a slip is answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError, OptionError
from coxa.models import fit_lmm, fit_mmrm
from coxa.models.design.formula import read_terms, split_random
from coxa.models.lmm.factors import random_factors
from tests.reference.tolerances import DEVIANCE
from tests.spec.drawn_clusters import visits_trial

COLUMNS = ["change", "arm", "week", "visit", "participant_id", "therapist", "clinic"]


@pytest.mark.parametrize(
    ("formula", "fixed", "random"),
    [
        ("change ~ arm * week", "change ~ arm * week", ()),
        ("change ~ (1 | clinic)", "change ~ 1", ("(1 | clinic)",)),
        ("change ~ 0 + arm + (1|clinic)", "change ~ 0 + arm", ("(1|clinic)",)),
        ("change ~ arm + (week || therapist) + week", "change ~ arm + week", ("(week || therapist)",)),
        ("change ~ arm + (1 | clinic) - 1", "change ~ arm - 1", ("(1 | clinic)",)),
        ("change ~ (arm + week)**2 + (1|clinic)", "change ~ (arm + week)**2", ("(1|clinic)",)),
        ("change ~ arm\n  + (log(week) | clinic)", "change ~ arm", ("(log(week) | clinic)",)),
        ("change ~ arm + (1|clinic) + (1|therapist)", "change ~ arm", ("(1|clinic)", "(1|therapist)")),
        ("change ~ arm + (1 | gr(therapist, by = arm))", "change ~ arm", ("(1 | gr(therapist, by = arm))",)),
    ],
)
def test_a_formula_is_split_into_fixed_and_random(formula: str, fixed: str, random: tuple[str, ...]) -> None:
    found = split_random(formula)
    assert (" ".join(found[0].split()), found[1]) == (fixed, random)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("change ~ arm + 1 | clinic", "a random effect has no brackets. Write for example (1 | therapist)"),
        ("change ~ arm + (1 | clinic", "a bracket is not closed, or closed twice"),
        ("change ~ arm + (1 | clinic))", "a bracket is not closed, or closed twice"),
        ("change ~ arm - (1 | clinic)", "added to the other terms by a plus alone. Write '+ (1 | clinic)'"),
        ("change ~ arm * (1 | clinic)", "added to the other terms by a plus alone. Write '+ (1 | clinic)'"),
        ("change ~ (1 | clinic):arm", "added to the other terms by a plus alone. Write '+ (1 | clinic)'"),
        ("change + (1 | clinic)", "not of the form 'response ~ terms'. Give it one column on the left"),
        ("change ~ arm ~ (1 | clinic)", "not of the form 'response ~ terms'. Give it one column on the left"),
    ],
)
def test_a_slip_in_the_formula_is_named(formula: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        split_random(formula)
    assert said in str(caught.value)
    assert formula in str(caught.value)


def test_a_formula_is_text() -> None:
    with pytest.raises(OptionError, match="Give text, such as "):
        split_random(["change", "arm"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("term", "factors"),
    [
        ("(1 | clinic)", ["clinic"]),
        ("(1 | clinic:therapist)", ["clinic:therapist"]),
        ("(1 | clinic / therapist)", ["clinic", "clinic:therapist"]),
        ("(1 | clinic/therapist/participant_id)", ["clinic", "clinic:therapist", "clinic:therapist:participant_id"]),
        ("(1 | clinic/arm:therapist)", ["clinic", "clinic:arm:therapist"]),
    ],
)
def test_nested_factors_are_a_term_for_each_level_of_nesting(term: str, factors: list[str]) -> None:
    assert [each.factor for each in read_terms("", [term], COLUMNS)] == factors


def test_what_a_term_says() -> None:
    (one,) = read_terms("", ["(0 + log(week):arm || gr(therapist, by = clinic))"], COLUMNS)
    assert (one.effects, one.correlated, one.columns, one.by) == ("0 + log(week):arm", False, ("therapist",), "clinic")
    assert one.variables == ("week", "arm")


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("( | clinic)", "Write effects, a bar and a factor"),
        ("(1 | )", "Write effects, a bar and a factor"),
        ("((1 | clinic))", "Write effects, a bar and a factor"),
        ("(1 ||| clinic)", "Write effects, a bar and a factor"),
        ("(1 | clinic + therapist)", "a factor is a column (its name without spaces), a:b, a/b, or gr(column, by"),
        ("(1 | the clinic)", "a factor is a column (its name without spaces)"),
        ("(1 | gr(therapist))", "gr(column, by = factor)"),
        ("(1 | clinics)", "'clinics' is not a column"),
        ("(1 | clinic/therapists)", "did you mean therapist?"),
        ("(1 | gr(therapist, by = amr))", "did you mean arm?"),
        ("(weak | clinic)", "did you mean week?"),
        ("(2 | clinic)", "'2' is not understood"),
        ("(exp(week) | clinic)", "'exp(' is not a transform"),
        ("(__import__('os') | clinic)", "''os')' is not understood"),
    ],
)
def test_a_slip_in_a_term_is_named_with_the_whole_formula(term: str, said: str) -> None:
    formula = f"change ~ arm + {term}"
    with pytest.raises(OptionError) as caught:
        read_terms(formula, [term], COLUMNS)
    assert said in str(caught.value)
    assert formula in str(caught.value)


# -- effects on rows ---------------------------------------------------------------------------------------------------

ROWS = pd.DataFrame(
    {
        "therapist": ["b", "b", "a", None],
        "clinic": [2, 2, 1, 1],
        "week": [0.0, 4.0, 0.0, 4.0],
        "arm": pd.Categorical(["usual", "usual", "new", "new"], ["usual", "new", "none"]),
    }
)


def effects(*terms: str) -> tuple[tuple[str, ...], tuple[int, ...], list[list[float]]]:
    (factor,) = random_factors("", read_terms("", terms, list(ROWS)), ROWS)
    return factor.names, factor.parts, factor.effects.tolist()


@pytest.mark.parametrize(
    ("terms", "names", "parts", "rows"),
    [
        (["(1 | clinic)"], ("Intercept",), (1,), [[1], [1], [1], [1]]),
        (["(week | clinic)"], ("Intercept", "week"), (2,), [[1, 0], [1, 4], [1, 0], [1, 4]]),
        (["(week || clinic)"], ("Intercept", "week"), (1, 1), [[1, 0], [1, 4], [1, 0], [1, 4]]),
        (["(1 | clinic)", "(0 + week | clinic)"], ("Intercept", "week"), (1, 1), [[1, 0], [1, 4], [1, 0], [1, 4]]),
        (["(0 + week | clinic)"], ("week",), (1,), [[0], [4], [0], [4]]),
        (["(arm | clinic)"], ("Intercept", "arm[new]"), (2,), [[1, 0], [1, 0], [1, 1], [1, 1]]),
        (["(0 + arm | clinic)"], ("arm[usual]", "arm[new]"), (2,), [[1, 0], [1, 0], [0, 1], [0, 1]]),
        (["(1 | gr(clinic, by = arm))"], ("arm[usual]", "arm[new]"), (1, 1), [[1, 0], [1, 0], [0, 1], [0, 1]]),
        (
            ["(week | gr(clinic, by=arm))"],
            ("arm[usual]", "week, arm[usual]", "arm[new]", "week, arm[new]"),
            (2, 2),
            [[1, 0, 0, 0], [1, 4, 0, 0], [0, 0, 1, 0], [0, 0, 1, 4]],
        ),
    ],
)
def test_names_correlations_and_values_of_effects(
    terms: list[str], names: tuple[str, ...], parts: tuple[int, ...], rows: list[list[float]]
) -> None:
    assert effects(*terms) == (names, parts, rows)


def test_levels_and_rows_without_one() -> None:
    (factor,) = random_factors("", read_terms("", ["(1 | therapist)"], list(ROWS)), ROWS)
    (both,) = random_factors("", read_terms("", ["(1 | clinic:therapist)"], list(ROWS)), ROWS)
    assert (factor.labels, factor.codes.tolist()) == (("a", "b"), [1, 1, 0, -1])
    assert (both.labels, both.codes.tolist()) == (("1:a", "2:b"), [1, 1, 0, -1])
    assert factor.effects.tolist() == [[1], [1], [1], [0]]
    codes, of_new = factor.rows(pd.DataFrame({"therapist": ["a", "c", None]}))
    assert codes.tolist() == [0, -1, -1]
    assert of_new.tolist() == [[1], [1], [1]]


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        ("(0 | leads)", "has no effect left of the bar. Write 1 for an intercept"),
        ("(1 | leads) + (1 | leads)", "effect 'Intercept' of 'leads' occurs in two terms. Keep one"),
        ("(week | leads) + (0 + week | leads)", "effect 'week' of 'leads' occurs in two terms. Keep one"),
        ("(none | leads)", "effect 'none' of 'leads' is zero in every row. Leave it out"),
    ],
)
def test_effects_that_stand_twice_or_are_nothing_are_refused(effects: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        fit_lmm(f"change ~ arm + {effects}", visits_trial().assign(none=0.0))
    assert said in str(caught.value)


# -- what means the same -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(week || participant_id)", "(1 | participant_id) + (0 + week | participant_id)"),
        ("(week | participant_id)", "(1 + week | participant_id)"),
        ("(week | participant_id)", "(center(week) | participant_id)"),
        ("(0 + arm || leads)", "(1 | gr(leads, by = arm))"),
        ("(1 | leads) + (1 | participant_id)", "(1 | leads/participant_id)"),
        ("(1 | leads:participant_id)", "(1 | participant_id)"),
        ("(1 | participant_id) + (1 | visit)", "(1 | visit) + (1 | participant_id)"),
    ],
)
def test_two_ways_to_write_a_model(one: str, other: str) -> None:
    data = visits_trial(seed=6)
    first, second = (fit_lmm(f"change ~ arm * week + {effects}", data) for effects in (one, other))
    assert second.loglik == pytest.approx(first.loglik, rel=DEVIANCE)
    np.testing.assert_allclose(second.std_error, first.std_error, rtol=1e-7)


def test_an_unstructured_covariance_over_visits_is_not_a_random_effect_of_each_and_a_residual() -> None:
    """The residual's variance is in the diagonal already; without a residual it is `fit_mmrm`."""
    data = visits_trial()
    with pytest.raises(FitError, match="or fit_mmrm with an unstructured covariance"):
        fit_lmm("change ~ arm * visit + (0 + visit | participant_id)", data)
    assert fit_mmrm("change ~ arm * visit", data).structure == "us"


def test_three_crossed_factors_and_therapists_that_change_between_visits() -> None:
    rng = np.random.default_rng(8)
    data = visits_trial(40).assign(
        seen_by=[f"S{k}" for k in rng.integers(0, 7, 120)], rater=[f"R{k}" for k in rng.integers(0, 5, 120)]
    )
    fit = fit_lmm("change ~ arm + (1 | participant_id) + (1 | seen_by) + (1 | rater)", data)
    assert fit.variance_components[["factor", "levels"]].to_numpy().tolist() == [
        ["participant_id", 40],
        ["seen_by", 7],
        ["rater", 5],
        ["residual", 0],
    ]


@pytest.mark.parametrize("spline", ["poly(week, 2)", "cr(week, df=2)", "bs(week, df=3, degree=2)"])
def test_curves_over_time_differ_between_participants(spline: str) -> None:
    rng = np.random.default_rng(9)
    data = pd.DataFrame({"participant_id": np.repeat(np.arange(30), 6), "week": np.tile(np.arange(6.0), 30)})
    data["arm"] = np.array(["a", "b"])[data["participant_id"] % 2]
    own = rng.normal(size=(2, 30))[:, data["participant_id"]]
    data["pain"] = own[0] + 0.2 * own[1] * (data["week"] - 2) ** 2 + rng.normal(size=180)
    fit = fit_lmm(f"pain ~ arm * {spline} + ({spline} || participant_id)", data)
    whole = fit.predict(data)
    one_by_one = pd.concat([fit.predict(data.iloc[[k]]) for k in range(0, 180, 31)])
    pd.testing.assert_frame_equal(whole.loc[one_by_one.index], one_by_one)
    assert np.corrcoef(whole["estimate"], data["pain"])[0, 1] > 0.8
