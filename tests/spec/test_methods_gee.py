"""Marginal models of a plan by estimating equations: numbers, words, options, and what a report shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import FewClustersError, SeparationError
from coxa.estimates import marginal_effects, marginal_subgroups
from coxa.models import fit_gee
from coxa.models.results.run import ModelRun
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.kinds.working_correlation import working_correlation_table
from coxa.report.transform.sharing import of_means
from coxa.report.transform.sharing.protect import Protection
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from coxa.tables.hidden import Protected
from tests.reference.gee_cases import respiratory
from tests.spec.test_study_read import faults

COMPARE = {"compare": "exercise", "against": "usual"}
VISITS = ["month_3", "month_6"]


def plan(
    analysis: dict[str, Any], outcome: dict[str, Any] | None = None, summary: str = "odds_ratio"
) -> ComparativeStudy:
    """Return a plan with an outcome `fell` at two visits, and an analysis `main` of it."""
    content = {
        "study": "falls",
        "title": "Falls",
        "design": "parallel",
        "arms": {"usual": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise therapy"}},
        "visits": {"baseline": {"day": 0}, "month_3": {"day": 91}, "month_6": {"day": 182}},
        "covariates": {"age": {"type": "number"}, "sex": {"type": "category", "levels": {"f": "Female", "m": "Male"}}},
        "outcomes": {
            "fell": {"kind": "yes_no", "label": "A fall", "higher_is_better": False, **(outcome or {})},
            "weeks": {"kind": "count", "label": "Weeks", "higher_is_better": True},
        },
        "estimands": {
            "falls": {"treatment": COMPARE, "endpoint": {"outcome": "fell", "visit": "month_6"}, "summary": summary}
        },
        "analyses": {"main": {"estimand": "falls", "model": "gee", **analysis}},
    }
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


def rows(seed: int = 1, n: int = 60, clinics: int = 20) -> pd.DataFrame:
    """Draw falls of participants at two visits, some without a value, in clinics that are in one arm each."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), 2)
    arm = np.where(who % 2, "exercise", "usual")
    own, clinic = rng.normal(size=n)[who], rng.normal(0, 0.5, clinics)[who % clinics]
    frame = pd.DataFrame({"participant_id": [f"P{k:03d}" for k in who], "age": 30.0 + (7 * who) % 31})
    frame["sex"] = pd.Categorical(np.where(who // 2 % 2, "m", "f"), ["f", "m"])
    frame["arm"] = pd.Categorical(arm, ["usual", "exercise"])
    frame["visit"] = pd.Categorical(VISITS * n, VISITS)
    frame["site_id"] = [f"c{k:02d}" for k in who % clinics]
    chance = 1 / (1 + np.exp(-(0.2 + own + clinic - 0.8 * (arm == "exercise"))))
    frame["value"] = (rng.random(2 * n) < chance).astype(float)
    frame.loc[rng.random(2 * n) < 0.1, "value"] = np.nan
    frame["exposure"] = rng.integers(4, 13, 2 * n).astype(float)
    return frame


def run(
    analysis: dict[str, Any], data: pd.DataFrame | None = None, **others: Any
) -> tuple[ModelRun, pd.DataFrame, ComparativeStudy]:
    study = plan(analysis, **others)
    given = SimulatedRows(rows() if data is None else data, "value")
    (fit,), found, _ = run_analysis(study, "main", study.analyses["main"], given)
    assert isinstance(fit, ModelRun)
    return fit, found.frame, study


def test_the_numbers_are_those_of_the_functions() -> None:
    fit, found, _ = run({"adjust": ["age"], "alpha": "sas", "vcov": "MD"})
    data = rows().dropna(subset=["value"])
    hand = fit_gee("value ~ arm * visit + age", data, working="exchangeable", alpha="sas", vcov="MD")
    assert fit.formula == "value ~ arm * visit + age"
    wanted = marginal_effects(hand).frame.set_index(["term", "visit", "arm"])
    mine = found.set_index(["term", "visit", "arm"])
    for term in ("risk_difference", "risk_ratio", "odds_ratio"):
        for visit in VISITS:
            for name in ("estimate", "std_error", "df", "p_value", "conf_low"):
                assert mine.loc[(term, visit, "exercise"), name] == wanted.loc[(term, visit, "exercise"), name]
    assert (
        mine.loc[("marginal_mean", "month_6", "usual"), "estimate"]
        == wanted.loc[("risk", "month_6", "usual"), "estimate"]
    )
    assert {fit.ddf, fit.structure} == {"residual", "exchangeable"}


def test_risks_are_observed_and_marginal_means_adjusted() -> None:
    _, found, _ = run({"adjust": ["age"]})
    seen = rows().dropna(subset=["value"]).groupby(["visit", "arm"], observed=True)["value"].agg(["mean", "size"])
    risks = found[found["term"] == "risk"].set_index(["visit", "arm"])
    adjusted = found[found["term"] == "marginal_mean"].set_index(["visit", "arm"])
    for key, (mean, size) in seen.iterrows():
        assert risks.loc[key, "estimate"] == pytest.approx(mean)
        assert risks.loc[key, "n_participants"] == adjusted.loc[key, "n_participants"] == size


def test_the_recorded_call_gives_the_model_again() -> None:
    fit, _, _ = run({"adjust": ["age"], "working": "unstructured", "ddf": "fay-graubard"})
    data = rows().dropna(subset=["value"])
    assert eval(fit.spec.call(), {"fit_gee": fit_gee, "data": data}).params.equals(fit.model.params)


def test_one_visit_has_nothing_to_correlate() -> None:
    fit, found, study = run({"visits": ["month_6"]})
    assert fit.structure == "independence"
    assert fit.formula == "value ~ arm"
    assert found["visit"].unique().tolist() == ["month_6"]
    words = method_of(study.analyses["main"]).words(study.planned("main"), [fit])
    assert "independence working correlation within participants" in words.title


def test_standard_errors_are_over_clinics() -> None:
    fit, found, _ = run({"cluster": "site_id"})
    data = rows().dropna(subset=["value"])
    hand = fit_gee("value ~ arm * visit", data, cluster="site_id", working="exchangeable")
    assert fit.model.n_clusters == 20
    assert fit.n_participants == data["participant_id"].nunique()
    ratio = found[(found["term"] == "odds_ratio") & (found["visit"] == "month_6")].iloc[0]
    assert ratio["std_error"] == marginal_effects(hand).only(term="odds_ratio", visit="month_6").frame["std_error"][0]
    without = rows().assign(site_id=lambda d: d["site_id"].mask(d["participant_id"] == "P000"))
    assert set(run({"cluster": "site_id"}, without)[0].left_out["reason"]) == {"site_id is missing"}


def test_few_clinics_are_refused_unless_the_plan_accepts_them() -> None:
    few = rows(n=60, clinics=6)
    four = few[few["site_id"].isin(["c00", "c01", "c02", "c03"])]
    one_visit = {"cluster": "site_id", "visits": ["month_6"]}
    with pytest.raises(FewClustersError, match=r"Month 6 has 2\.0"):
        run(one_visit, four)
    _, found, _ = run({**one_visit, "few_clusters": "accept"}, four)
    assert found["warning"].str.contains("too few levels of site").any()
    with pytest.raises(FewClustersError, match="Analysis main: there are 2 clusters"):
        run(one_visit, few[few["site_id"].isin(["c00", "c01"])])


def test_counts_have_rates_ratios_and_exposure() -> None:
    falls = rows().assign(value=lambda d: d["value"] + (d["age"] > 45))
    falls.loc[3, "exposure"] = 0.0
    fit, found, study = run({}, falls, outcome={"kind": "count", "exposure": "weeks"}, summary="rate_ratio")
    kept = falls[falls["exposure"] > 0].dropna(subset=["value"])
    hand = fit_gee("value ~ arm * visit", kept, family="poisson", working="exchangeable", exposure="exposure")
    mine = found[found["visit"] == "month_6"].set_index(["term", "arm"])
    wanted = marginal_effects(hand).frame.set_index(["visit", "term", "arm"]).loc["month_6"]
    assert mine.loc[("rate_ratio", "exercise"), "conf_high"] == wanted.loc[("rate_ratio", "exercise"), "conf_high"]
    here = kept[(kept["visit"] == "month_6") & (kept["arm"] == "usual")]
    assert mine.loc[("rate", "usual"), "estimate"] == pytest.approx(here["value"].sum() / here["exposure"].sum())
    assert fit.left_out["reason"].tolist() == ["exposure is missing"]
    assert eval(fit.spec.call(), {"fit_gee": fit_gee, "data": falls.dropna(subset=["value"])}).params.equals(
        fit.model.params
    )
    assert study.planned("main").effect.term == "rate_ratio"


def test_subgroups_have_effects_on_the_scale_of_the_estimand_and_a_test() -> None:
    _, found, _ = run({"subgroups": ["sex"]})
    data = rows().dropna(subset=["value"])
    hand = fit_gee("value ~ arm * visit * sex", data, working="exchangeable")
    wanted = marginal_subgroups(hand, "sex", "odds_ratio").frame
    mine = found[found["analysis"].str.startswith("main[")]
    assert mine["estimate"].to_numpy() == pytest.approx(wanted["estimate"].to_numpy(), nan_ok=True)
    at = mine[mine["visit"] == "month_6"].set_index("analysis")
    ratio = at.loc["main[sex=m]", "estimate"] / at.loc["main[sex=f]", "estimate"]
    assert at.loc["main[sex=m-f]", "estimate"] == pytest.approx(ratio)
    assert at.loc["main[sex=*]", "p_value"] == pytest.approx(at.loc["main[sex=m-f]", "p_value"])


def test_a_saturated_subgroup_has_its_own_counts() -> None:
    """Independence, no covariate: the difference in a subgroup is that of its own shares."""
    data = rows().dropna(subset=["value"])
    hand = fit_gee("value ~ arm * visit * sex", data)
    found = marginal_subgroups(hand, "sex", "risk_difference").frame
    shares = data.groupby(["visit", "sex", "arm"], observed=True)["value"].mean()
    for row in found[found["term"] == "subgroup_difference"].to_dict("records"):
        here = shares[row["visit"], row["analysis"].removeprefix("sex=")]
        assert row["estimate"] == pytest.approx(here["exercise"] - here["usual"])


def test_separation_is_told_with_the_analysis_and_what_to_do() -> None:
    none = rows()
    none.loc[none["arm"] == "exercise", "value"] = 0.0
    with pytest.raises(SeparationError, match="Analysis main: the outcome 'value' is separated") as caught:
        run({}, none)
    assert "`model: proportions`" in caught.value.remedies[0]


def test_through_a_plan_respiratory_has_the_odds_ratios_of_sas_and_emmeans() -> None:
    """CAMIS's respiratory trial; visit 4: 2.011429 (0.943510 to 4.288076), p 0.070387."""
    given = respiratory()
    names = {1: "month_3", 4: "month_6"}
    data = given[given["visit"].isin(list(names))]
    data = data.assign(
        visit=pd.Categorical(data["visit"].map(names), VISITS),
        arm=pd.Categorical(data["treat"].map({"P": "usual", "A": "exercise"}).astype(str), ["usual", "exercise"]),
        value=data["outcome"].astype(float),
    )
    _, found, _ = run({"vcov": "LZ", "ddf": "normal"}, data)
    row = found[(found["term"] == "odds_ratio") & (found["visit"] == "month_6")].iloc[0]
    assert row[["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
        [2.01142857142857, 0.943510492543662, 4.28807621105704], rel=1e-9
    )
    assert row["p_value"] == pytest.approx(0.0703870808558494, abs=2e-7)


def said(analysis: dict[str, Any], **others: Any) -> str:
    fit, _, study = run(analysis, **others)
    telling = Telling(study.planned("main"), [fit], lambda word: f" [{word}]", lambda formula: formula)
    return " ".join(method_of(study.analyses["main"]).sentences(telling))


def test_the_methods_section_says_what_was_done() -> None:
    text = said({"adjust": ["age"]})
    assert "A marginal logistic model of" in text
    assert "generalised estimating equations [gee]; terms: value ~ arm * visit + age." in text
    assert "within participants was exchangeable, estimated by geepack's moments [geepack]" in text
    assert "a sandwich over participants with Kauermann and Carroll's correction [KC]" in text
    assert "t with the number of participants less that of coefficients as degrees of freedom" in text
    assert "Proportions with a fall by the model are averages over all analysed participants" in text
    plain = said({"vcov": "LZ", "ddf": "normal", "cluster": "site_id", "working": "independence"})
    assert "The working correlation within sites was independence." in plain
    assert "a sandwich over sites [LZ]; tests and limits are by the normal distribution." in plain


HEAD = """
study: tiny
title: A tiny trial
arms: {usual: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, month_6: {day: 182}}
outcomes: {fell: {kind: yes_no, higher_is_better: false}}
covariates: {age: {type: number}, clinic: {type: category, levels: {a: A, b: B}}}
estimands:
  falls:
    treatment: {compare: exercise, against: usual}
    endpoint: {outcome: fell, visit: month_6}
    summary: odds_ratio
analyses:
"""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("working: toeplitz", "Choose one of independence, exchangeable, ar1, unstructured"),
        ("cluster: clinic, working: ar1", "Use exchangeable or independence"),
        ("cluster: age", "'age' is a number and has no levels"),
        ("cluster: clinic, adjust: [clinic]", "is the cluster and also in `adjust`"),
        ("few_clusters: accept", "is about `cluster`"),
        ("random: {clinic: {}}", "`random` does not belong to model gee"),
        ("multiplicity: tukey", "none, bonferroni, holm, hochberg"),
    ],
)
def test_what_a_plan_cannot_have_is_refused_by_name(options: str, message: str) -> None:
    found = faults(f"{HEAD}  main: {{estimand: falls, model: gee, {options}}}\n")
    assert any(message in str(each) for each in found), found


def test_a_cluster_trial_has_standard_errors_over_what_was_randomised() -> None:
    cluster = HEAD.replace("arms:", "design: cluster\nrandomisation: {scheme: simple, cluster: clinic}\narms:", 1)
    found = faults(f"{cluster}  main: {{estimand: falls, model: gee}}\n")
    assert any("Add `cluster: clinic`." in str(each) for each in found), found


def test_the_report_shows_the_working_correlation_with_its_address() -> None:
    fit, _, study = run({"working": "unstructured", "adjust": ["age"]})
    table = working_correlation_table(study.planned("main"), fit.model)
    shown = {row.label: row.cells[0] for row in table.groups[0].rows}
    assert shown["Number of participants"].text == str(fit.n_participants)
    cell = shown["Correlation of Month 3 and Month 6"]
    assert cell.text == f"{fit.model.alpha.iloc[0]:.2f}"
    assert cell.statistics[0].term == "working correlation of Month 3 and Month 6"
    assert "SE of the arms, sandwich over working model" in shown


def test_a_forest_is_not_shared_where_it_gives_a_hidden_count_away() -> None:
    """The model of arm and visit has as many coefficients as shares, so that a difference says what is hidden."""
    _, found, study = run({}, summary="risk_difference")
    planned = study.planned("main")
    figure = plot_forest(planned, planned.rows(found, "risk_difference"), figure_id="forest", title="Forest")
    nothing = Protected(5, frozenset(), frozenset())
    hidden = frozenset({("main", "month_6", "exercise")})
    assert Protection(nothing, frozenset(), hidden).compared_in(figure)
    assert not Protection(nothing, frozenset(), frozenset({("main", "baseline", "exercise")})).compared_in(figure)
    assert not Protection(nothing, frozenset({"main"}), hidden).compared_in(figure)
    assert not of_means(study, "main")
