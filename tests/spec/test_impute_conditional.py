"""Conditional mean imputation against whole matrices, models without each participant, and draws."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coxa.errors import FitError, OptionError
from coxa.impute import ConditionalMean, Delta, conditional_mean, tipping_map, tipping_point
from coxa.impute.completed import imputed
from coxa.impute.influences import uncertainty
from coxa.impute.parts import StandardError
from coxa.impute.refits import refits
from coxa.impute.strategies import STRATEGIES, Strategy, jump
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.rebuilt import rebuilt

VISITS = ["week_6", "week_12", "week_26"]
FORMULA = "change ~ baseline * visit + arm * visit"
ANALYSIS = "arm + baseline"
BRUTE = 1e-8


@cache
def trial(participants: int = 36) -> pd.DataFrame:
    """Three arms, three visits; some leave, and one visit is missed in between."""
    rng = np.random.default_rng(7)
    who = np.repeat(np.arange(participants), 3)
    arm = np.array(["usual_care", "exercise", "manual_therapy"])[who % 3]
    rows = pd.DataFrame({"participant_id": who, "visit": pd.Categorical(VISITS * participants, VISITS)})
    rows["arm"] = pd.Categorical(arm, ["usual_care", "exercise", "manual_therapy"])
    rows["baseline"] = rng.normal(50, 10, participants)[who]
    rows["change"] = rng.normal(0, 6, participants)[who] + rng.normal(0, 5, len(rows)) + 4 * (arm == "exercise")
    gone = rng.integers(1, 6, participants)[who]
    rows.loc[np.tile(np.arange(3), participants) >= gone, "change"] = np.nan
    rows.loc[[4, 10], "change"] = np.nan
    return rows


@cache
def fitted(group: str | None = None) -> Fit:
    return fit_mmrm(FORMULA, trial(), group=group)


@cache
def under(word: str, standard_error: StandardError = "gradient", group: str | None = None) -> ConditionalMean:
    return conditional_mean(
        fitted(group), trial(), reference="usual_care", strategy=word, formula=ANALYSIS,
        standard_error=standard_error,
    )  # fmt: skip


def by_hand(fit: Fit, rows: pd.DataFrame, word: str) -> dict[tuple[str, str], float]:
    """Complete every participant by the whole matrices, and analyse each visit."""
    beta, reference = fit.params.to_numpy(), "usual_care"
    means = {name: fit.design.rows(rows.assign(arm=name)) @ beta for name in fit.design.levels["arm"]}
    spreads = {name: (fit.covariance.loc[name] if fit.group else fit.covariance).to_numpy() for name in means}
    value = rows["change"].to_numpy().copy()
    for places in np.arange(len(rows)).reshape(-1, len(VISITS)):
        y, arm = value[places], str(rows["arm"].iloc[places[0]])
        u = np.isnan(y)
        event = int(np.flatnonzero(~u).max(initial=-1)) + 1
        of_both = means[arm][places], means[reference][places], spreads[arm], spreads[reference]
        mu, sigma = STRATEGIES[word].marginal(*of_both, event)
        if u.any():
            slope = sigma[np.ix_(u, ~u)] @ np.linalg.inv(sigma[np.ix_(~u, ~u)])
            value[places[u]] = mu[u] + slope @ (y - mu)[~u]
    people = rows.iloc[:: len(VISITS)]
    x = np.column_stack([np.ones(len(people)), *(people["arm"] == arm for arm in list(means)[1:]), people["baseline"]])
    found = np.linalg.lstsq(x.astype(float), value.reshape(len(people), -1), rcond=None)[0]
    return {(visit, arm): found[1 + a, j] for j, visit in enumerate(VISITS) for a, arm in enumerate(list(means)[1:])}


def estimates(found: ConditionalMean) -> dict[tuple[str, str], float]:
    return {(row["visit"], row["arm"]): row["estimate"] for row in found.differences().frame.to_dict("records")}


@pytest.mark.parametrize("group", [None, "arm"])
@pytest.mark.parametrize("word", ["mar", "j2r", "cr", "cir", "lmcf"])
def test_estimates_are_those_of_whole_matrices(word: str, group: str | None) -> None:
    assert estimates(under(word, group=group)) == pytest.approx(by_hand(fitted(group), trial(), word), rel=BRUTE)


def test_the_jackknife_is_that_of_models_without_each_participant() -> None:
    rows = trial()
    people = rows["participant_id"].unique()
    without = []
    for person in people:
        left = rows[rows["participant_id"] != person]
        without.append(by_hand(fit_mmrm(FORMULA, left), left, "j2r"))
    frame = under("j2r", "jackknife").differences().frame
    for row in frame.to_dict("records"):
        each = np.array([one[row["visit"], row["arm"]] for one in without])
        n = len(people)
        assert row["std_error"] == pytest.approx(np.sqrt((n - 1) / n * ((each - each.mean()) ** 2).sum()), rel=BRUTE)


@pytest.mark.parametrize("group", [None, "arm"])
def test_influences_are_the_derivatives_in_the_weight_of_a_participant(group: str | None) -> None:
    model = rebuilt(fitted(group))
    known = uncertainty(model)
    few = np.eye(len(known.beta))[:4]
    step = 1e-5
    up, down = refits(model, 1 + step * few), refits(model, 1 - step * few)
    slopes = (up.beta - down.beta) / (2 * step) @ model.back.T
    np.testing.assert_allclose(known.beta[:4], slopes, rtol=1e-5, atol=1e-7 * np.abs(slopes).max())
    of_covariance = np.einsum("igk,gkab->igab", known.theta[:4].reshape(4, *known.first.shape[:2]), known.first)
    moved = (up.covariance - down.covariance) / (2 * step)
    np.testing.assert_allclose(of_covariance, moved, rtol=1e-4, atol=1e-6 * np.abs(moved).max())


@pytest.mark.parametrize("word", ["mar", "j2r", "cr", "cir"])
def test_the_gradient_is_the_jackknife_of_infinitely_small_weights(word: str) -> None:
    found = under(word)
    n, q = len(found.outcomes.arm), 4
    model = rebuilt(fitted())
    step = 1e-5
    moved = []
    for sign in (1, -1):
        weights = 1 + sign * step * np.eye(n)
        places = pd.Index(found.outcomes.participants).get_indexer(pd.unique(fitted().sample.participant))
        again = refits(model, weights[:, places])
        beta = fitted().params.to_numpy() + (again.beta - model.at.beta) @ model.back.T
        filled = np.where(found.outcomes.missing, 0, found.outcomes.y) + imputed(found.outcomes, beta, again.covariance)
        x = np.column_stack([np.ones(n), *(found.outcomes.arm == a for a in (1, 2)), found.outcomes.people["baseline"]])
        each = [
            np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w[:, None] * y))
            for w, y in zip(weights, filled, strict=True)
        ]
        moved.append(np.array(each)[:, 1])
    influence = (moved[0] - moved[1]) / (2 * step)
    expected = np.sqrt(n / (n - q) * (influence**2).sum(axis=0))
    shown = found.differences().only(arm="exercise").frame["std_error"].to_numpy()
    np.testing.assert_allclose(shown, expected, rtol=1e-5)


@pytest.mark.parametrize("word", ["mar", "j2r"])
def test_rubins_variance_in_closed_form_is_that_of_many_draws(word: str) -> None:
    found = under(word, "rubin")
    outcomes, draws = found.outcomes, 4000
    model = rebuilt(fitted())
    known = uncertainty(model)
    rng = np.random.default_rng(3)
    theta = rng.multivariate_normal(np.zeros(len(known.theta_covariance)), known.theta_covariance, draws)
    beta = fitted().params.to_numpy() + theta @ known.beta_slopes
    beta += rng.multivariate_normal(np.zeros(len(known.phi)), known.phi, draws)
    covariance = np.array([model.structure.matrix(model.theta + one, model.sums.times[0]) for one in theta])
    filled = np.where(outcomes.missing, 0, outcomes.y) + imputed(outcomes, beta, covariance[:, None])
    for alike in outcomes.alike():
        u = alike.missing
        inner = np.linalg.inv(covariance[:, ~u][:, :, ~u])
        left = covariance[:, u][:, :, u] - covariance[:, u][:, :, ~u] @ inner @ covariance[:, ~u][:, :, u]
        noise = rng.normal(size=(draws, len(alike.members), int(u.sum()))) @ np.linalg.cholesky(left).swapaxes(1, 2)
        filled[:, alike.members[:, None], np.flatnonzero(u)] += noise
    x = np.column_stack([np.ones(len(outcomes.arm)), *(outcomes.arm == a for a in (1, 2)), outcomes.people["baseline"]])
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ filled
    within = ((filled - x @ coefficients) ** 2).sum(axis=1).mean(axis=0) / (len(x) - 4) * inverse[1, 1]
    between = coefficients[:, 1].var(axis=0, ddof=1)
    frame = found.differences().only(arm="exercise").frame
    np.testing.assert_allclose(frame["std_error"], np.sqrt(within + between), rtol=0.05)
    np.testing.assert_allclose(
        frame["estimate"], coefficients[:, 1].mean(axis=0), atol=5 * np.sqrt(between.max() / draws)
    )


def test_arms_without_gaps_are_analysed_as_they_are() -> None:
    full = trial().assign(change=lambda d: d["change"].fillna(0.0))
    found = conditional_mean(fit_mmrm(FORMULA, full), full, reference="usual_care", formula=ANALYSIS)
    plain = fit_ancova(f"change ~ {ANALYSIS}", full, at_visit="week_26").tidy().set_index("term").loc["arm[exercise]"]
    shown = found.differences().only(visit="week_26", arm="exercise").frame.iloc[0]
    assert shown["estimate"] == pytest.approx(plain["estimate"])
    assert shown["std_error"] == pytest.approx(plain["std_error"])
    assert found.imputed()["imputed"].sum() == 0


@pytest.mark.parametrize("standard_error", ["gradient", "jackknife", "rubin"])
def test_what_a_delta_does_is_what_adding_it_to_the_outcomes_does(standard_error: StandardError) -> None:
    delta = Delta(shift={"exercise": -3.0}, visits={"week_6": 0.0}, since_event=(0.5, 1.0))
    found = conditional_mean(
        fitted(), trial(), reference="usual_care", strategy="cir", formula=ANALYSIS, delta=delta,
        standard_error=standard_error,
    )  # fmt: skip
    base = under("cir", standard_error)
    shares = delta.shares(found.outcomes)
    x = np.column_stack(
        [np.ones(len(shares)), *(found.outcomes.arm == a for a in (1, 2)), found.outcomes.people["baseline"]]
    )
    added = np.linalg.lstsq(x, -3.0 * shares * (found.outcomes.arm == 1)[:, None], rcond=None)[0][1]
    expected = base.differences().only(arm="exercise").frame["estimate"].to_numpy() + added
    np.testing.assert_allclose(found.differences().only(arm="exercise").frame["estimate"], expected, rtol=1e-10)


def test_shares_of_a_delta_follow_visit_and_time_since_the_event() -> None:
    outcomes = under("mar").outcomes
    left_first = np.flatnonzero(outcomes.event == 1)[0]
    delta = Delta(shift={"exercise": 1.0}, visits={"week_26": 2.0}, since_event=(0.5, 1.0))
    assert delta.shares(outcomes)[left_first].tolist() == [0.0, 0.5, 2.0]
    between = int(np.flatnonzero(outcomes.participants == 1)[0])
    assert outcomes.missing[between].tolist()[1]
    assert Delta(of="after_event").shares(outcomes)[between, 1] == float(outcomes.event[between] <= 1)


def test_a_factor_multiplies_what_is_imputed() -> None:
    half = conditional_mean(
        fitted(), trial(), reference="usual_care", formula=ANALYSIS, delta=Delta(factor={"exercise": 0.5})
    )
    none = conditional_mean(
        fitted(), trial(), reference="usual_care", formula=ANALYSIS, delta=Delta(factor={"exercise": 0.0})
    )
    whole = under("mar", "rubin")
    means = [one.means().only(visit="week_26", arm="exercise").frame["estimate"].item() for one in (none, half, whole)]
    assert means[1] == pytest.approx((means[0] + means[2]) / 2)
    assert means[0] != pytest.approx(means[2])


def test_events_of_several_kinds_have_a_strategy_each() -> None:
    rows = trial().sort_values(["participant_id", "visit"])
    after = rows["change"].isna() & rows.groupby("participant_id")["change"].transform(
        lambda own: own[::-1].notna().cumsum()[::-1].eq(0)
    )
    kind = np.where(rows["participant_id"] % 2, "surgery", "stopped")
    marked = rows.assign(event=np.where(after, kind, ""))
    mixed = conditional_mean(
        fitted(), marked, reference="usual_care", strategy={"surgery": "mar", "stopped": "j2r"}, event="event",
        formula=ANALYSIS,
    )  # fmt: skip
    alone = [
        conditional_mean(fitted(), marked, reference="usual_care", strategy=dict.fromkeys(("surgery", "stopped"), word),
                         event="event", formula=ANALYSIS)
        for word in ("mar", "j2r")
    ]  # fmt: skip
    odd = mixed.outcomes.participants % 2 == 1
    beta, covariance = fitted().params.to_numpy(), fitted().covariance.to_numpy()[None]
    filled = [imputed(one.outcomes, beta, covariance) for one in (mixed, *alone)]
    np.testing.assert_allclose(filled[0], np.where(odd[:, None], filled[1], filled[2]))
    with pytest.raises(OptionError, match='Event "surgery" has no strategy'):
        conditional_mean(fitted(), marked, reference="usual_care", strategy={"stopped": "j2r"}, event="event")


def test_each_arm_may_have_a_reference_of_its_own() -> None:
    own = {"usual_care": "usual_care", "exercise": "usual_care", "manual_therapy": "exercise"}
    found = conditional_mean(fitted(), trial(), reference=own, strategy="cr", formula=ANALYSIS)
    assert found.outcomes.reference[found.outcomes.arm == 2].tolist() == [1] * 12


def test_a_strategy_that_is_not_affine_is_refused() -> None:
    odd = Strategy("odd", "odd", "Odd.", lambda arm, reference, event: jump(arm, reference**2, event))
    with pytest.raises(OptionError, match="not affine"):
        conditional_mean(fitted(), trial(), reference="usual_care", strategy=odd)


def test_a_bootstrap_is_near_the_jackknife_and_the_same_by_seed() -> None:
    rows = trial(120)
    fit = fit_mmrm("change ~ arm * visit + baseline", rows, covariance="cs")

    def errors(standard_error: StandardError) -> np.ndarray:
        found = conditional_mean(
            fit, rows, reference="usual_care", strategy="j2r", standard_error=standard_error, replicates=200, seed=5
        )
        return found.differences().frame["std_error"].to_numpy()

    np.testing.assert_array_equal(errors("bootstrap"), errors("bootstrap"))
    np.testing.assert_allclose(errors("bootstrap"), errors("jackknife"), rtol=0.2)


@pytest.mark.parametrize("standard_error", ["gradient", "jackknife", "rubin"])
def test_limits_touch_zero_at_the_tipping_point(standard_error: StandardError) -> None:
    tip = tipping_point(under("mar", standard_error), "exercise")
    assert min(abs(tip.conf_low), abs(tip.conf_high)) < 1e-9
    assert ("stops being" if tip.significant else "becomes") in tip.sentence


def test_a_map_has_its_line_where_cells_change() -> None:
    shown = tipping_map(under("mar", "rubin"), "exercise", arm_shifts=range(-30, 31, 3), against_shifts=[-4, 0, 4])
    cells = shown.cells()
    for other, own in cells.groupby("against_shift"):
        changes = int((own["significant"].diff().fillna(False) != 0).sum())
        assert (shown.line["against_shift"] == other).sum() == changes
    assert shown.plausible[0][0] <= 0 <= shown.plausible[0][1]


def test_what_cannot_be_imputed_from_is_refused() -> None:
    plain = fit_ancova("change ~ arm", trial(), at_visit="week_26")
    with pytest.raises(OptionError, match="mixed model for repeated measures"):
        conditional_mean(plain, trial(), reference="usual_care")
    with pytest.raises(OptionError, match="no arm"):
        conditional_mean(fitted(), trial(), reference="usual")
    with pytest.raises(FitError, match="aseline is missing for 1 participant: 3"):
        conditional_mean(fitted(), trial().assign(baseline=lambda d: d["baseline"].where(d["participant_id"] != 3)),
                         reference="usual_care")  # fmt: skip
    with pytest.raises(OptionError, match="participants that `data` has not"):
        conditional_mean(fitted(), trial()[trial()["participant_id"] > 0], reference="usual_care")


@pytest.mark.parametrize("standard_error", ["rubin", "jackknife"])
def test_another_strategy_of_the_same_model_is_that_strategy(standard_error: StandardError) -> None:
    found = under("mar", standard_error).under("cir")
    pd.testing.assert_frame_equal(found.differences().frame, under("cir", standard_error).differences().frame)
