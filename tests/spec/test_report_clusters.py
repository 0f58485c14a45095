"""From a tiny drawn trial of clinics to the report: who is counted, what is refused, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import coxa
from coxa.analyses.clusters import IGNORED
from coxa.cli.main import app
from coxa.errors import DataError, FewClustersError, FitError, OptionError
from coxa.estimates.effect_size import standardised_by_model
from coxa.models.results.diagnostics import covariance_check
from coxa.models.results.influence import influence
from coxa.report.document import Card
from coxa.report.report import Report
from coxa.report.topics.analyses.variances import components, variances_table, warning_words
from coxa.report.topics.answer.section import answer_section
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.reading.read import parse_study
from tests.spec.cluster_trial import PLAN, people, write_trial
from tests.spec.small_trial import read_text

RANDOM = "    random: {site_id: {}}\n"
NESTED = "    random: {therapist_id: {only_in: classes}}\n"
TOO_FEW = "too few levels of site for interval and p-value to be relied on"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Twelve clinics, six in each arm, and beside the primary analysis three others."""
    others = """\
  therapists:
    estimand: primary
    role: sensitivity
    model: mmrm
    adjust: [baseline * visit]
    random: {therapist_id: {only_in: classes}, site_id: {by_arm: true}}
    relaxes: one variance of clinics in both arms, and no therapists
  ancova: {estimand: primary, role: sensitivity, model: ancova, adjust: [baseline], relaxes: the clusters}
"""
    plan = PLAN.replace("data:\n", f"{others}data:\n", 1)
    return coxa.analyse(write_trial(tmp_path_factory.mktemp("clinics"), people(12), plan))


def text_of(report: Report) -> str:
    return read_text(coxa.report.render(report))


def test_the_fit_has_the_clinics_and_no_findings_are_left(report: Report) -> None:
    (fit,) = report.fits["primary"]
    assert fit.formula == "change ~ arm * visit + baseline * visit + (1 | site_id)"
    assert [factor.name for factor in fit.random.factors] == ["site_id"]
    assert len(fit.random.factors[0].labels) == 12
    assert [item.as_text() for item in report.findings] == []


def test_arms_without_the_factor_are_analysed_and_lose_nobody(report: Report) -> None:
    (fit,) = report.fits["therapists"]
    assert fit.n_participants == 96
    assert fit.left_out.empty
    factor = fit.random.factors[0]
    rows = report.datasets["primary"].analysed
    np.testing.assert_array_equal(factor.codes < 0, rows["arm"] == "usual_care")


def test_the_estimates_are_those_of_the_model_itself(report: Report) -> None:
    rows = report.datasets["primary"].analysed
    formula = "change ~ arm * visit + baseline * visit + (1 | therapist_id) + (1 | gr(site_id, by = arm))"
    direct = coxa.fit_mmrm(formula, rows, ddf="kenward-roger-linear", partially_nested={"therapist_id": "arm"})
    (fit,) = report.fits["therapists"]
    assert fit.loglik == pytest.approx(direct.loglik, abs=1e-9)
    expected = coxa.contrasts(direct, "arm", against="usual_care").frame
    found = report.estimates.only(analysis="therapists", term="difference").frame
    np.testing.assert_allclose(found[["estimate", "std_error", "df"]], expected[["estimate", "std_error", "df"]])


def test_an_analysis_without_the_clusters_says_so_in_every_row(report: Report) -> None:
    warnings = report.estimates.only(analysis="ancova").frame["warning"]
    assert warnings.str.contains(IGNORED, regex=False).all()
    assert not report.estimates.only(analysis="primary").frame["warning"].str.contains(IGNORED, regex=False).any()


def test_methods_say_factor_levels_arms_and_degrees_of_freedom(report: Report) -> None:
    said = str(analysis_methods(report, report.study.planned("primary")))
    assert "Random effects, the same at every visit: site (12 levels) [4]." in said
    assert "Fixed effects: arm, visit, arm by visit, baseline value and baseline value by visit." in said
    assert "Degrees of freedom: Kenward-Roger (linear), from the expected information [5]." in said
    other = str(analysis_methods(report, report.study.planned("therapists")))
    assert "therapist (12 levels, in Exercise classes only) and site (12 levels; a variance for each arm)" in other
    zero = [
        part for part in components(report.study.planned("therapists"), report.fits["therapists"][0]) if part.at_zero
    ]
    assert ("Estimated at zero" in other) == bool(zero)


def test_the_table_of_variances_is_that_of_the_fit(report: Report) -> None:
    (fit,) = report.fits["primary"]
    table = variances_table(report.study.planned("primary"), fit)
    assert table is not None
    assert [row.label for row in table.rows()] == ["Site", "Residual of a participant at Week 12"]
    values = {(one.term, one.name): one.value for one in table.statistics()}
    between = float(fit.variance_components["variance"].iloc[0])
    within = float(fit.covariance.loc["week_12", "week_12"])
    assert values["site_id random effect", "n"] == 12
    assert values["site_id random effect", "sd"] == pytest.approx(np.sqrt(between))
    assert values["site_id random effect", "share"] == pytest.approx(between / (between + within))
    assert values["residual", "sd"] == pytest.approx(np.sqrt(within))


def test_shares_are_within_the_arm_that_has_the_effect(report: Report) -> None:
    (fit,) = report.fits["therapists"]
    table = variances_table(report.study.planned("therapists"), fit)
    assert table is not None
    assert [row.label for row in table.rows()] == [
        "Therapist",
        "Site in Usual care",
        "Site in Exercise classes",
        "Residual of a participant at Week 12",
    ]
    shares = {(one.term, one.arm): one.value for one in table.statistics() if one.name == "share"}
    variance = fit.variance_components.set_index(["factor", "effect"])["variance"]
    residual = float(fit.covariance.loc["week_12", "week_12"])
    usual, classes = variance["site_id", "arm[usual_care]"], variance["site_id", "arm[classes]"]
    therapist = variance["therapist_id", "Intercept"]
    assert shares["site_id random effect", "usual_care"] == pytest.approx(usual / (usual + residual))
    assert shares["site_id random effect", "classes"] == pytest.approx(classes / (classes + therapist + residual))
    assert shares["therapist_id random effect", "classes"] == pytest.approx(
        therapist / (classes + therapist + residual)
    )


@pytest.mark.parametrize(
    ("option", "note"),
    [
        ("weights: age", "The residual is that of a row of weight 1; shares of variance differ"),
        ("group: kind", "Shares of variance differ between levels of kind, and are not shown."),
    ],
)
def test_shares_that_differ_between_rows_are_not_shown(tmp_path: Path, option: str, note: str) -> None:
    plan = PLAN.replace(RANDOM, f"{RANDOM}    {option}\n")
    made = coxa.analyse(write_trial(tmp_path, people(12), plan))
    table = variances_table(made.study.planned("primary"), made.fits["primary"][0])
    assert table is not None
    assert [column.label for column in table.columns] == ["Levels", "SD"]
    assert any(str(text.text).startswith(note) for text in table.footnotes)


def test_the_safety_set_has_the_therapist_of_the_arm_received(tmp_path: Path) -> None:
    who = people(12).assign(received=lambda frame: frame["arm"])
    who.loc[who["participant_id"] == "P008", ["received", "therapist"]] = ["usual_care", None]
    plan = PLAN.replace("design: cluster", "design: parallel").replace(RANDOM, NESTED)
    plan = plan.replace("therapist_id: therapist}", "therapist_id: therapist, arm_received: received}")
    folder = write_trial(tmp_path, who, plan).parent
    allocated = coxa.read_cohort(parse_study(plan.encode()), folder).findings
    assert [item.participant_id for item in allocated if item.field == "therapist_id"] == ["P008"]
    safety = plan.replace("    treatment:", "    population: safety_set\n    treatment:")
    received = coxa.read_cohort(parse_study(safety.encode()), folder).findings
    assert [item for item in received if item.field == "therapist_id"] == []


def test_the_page_shows_the_variances_and_conditional_residuals(report: Report) -> None:
    page = text_of(report)
    assert page.count("Random effects and residual") == 2
    assert "Share of variance at Week 12" in page
    assert "Levels of site: 6 in Usual care and 6 in Exercise classes." in page
    assert "Levels of therapist: 12 in Exercise classes." in page
    assert "Residuals are conditional: the predicted effects of site are taken off." in page
    assert "Standardised residuals by visit" in page
    assert "Correlation over the visits" not in page
    assert "Cluster-randomised trial" in page
    assert page == text_of(report)
    assert "P001" not in page


def test_warnings_are_in_the_words_of_the_plan(report: Report) -> None:
    said = warning_words(
        report.study,
        "the variance of arm[classes] between levels of therapist_id was estimated at zero; the variance of Intercept "
        "between levels of site_id was estimated at zero; site_id has 9 levels; nobody has 9 levels",
    )
    assert said == (
        "the variance between levels of therapist in Exercise classes was estimated at zero; the variance between "
        "levels of site was estimated at zero; site has 9 levels; nobody has 9 levels"
    )


def test_what_needs_independent_participants_is_refused_by_name(report: Report) -> None:
    (fit,) = report.fits["primary"]
    for look in (covariance_check, influence):
        with pytest.raises(FitError, match=r"\(1 \| site_id\)' has random effects, with which participants"):
            look(fit)


def test_the_standard_deviation_of_the_model_is_not_that_of_the_outcome(report: Report) -> None:
    (fit,) = report.fits["primary"]
    with pytest.raises(OptionError, match="not the whole variance of the outcome"):
        standardised_by_model(fit, coxa.contrasts(fit, "arm", against="usual_care"))


def test_four_clinics_are_too_few_for_a_primary_analysis(tmp_path: Path) -> None:
    plan = write_trial(tmp_path, people(4))
    with pytest.raises(FewClustersError, match="at least 4 degrees of freedom") as caught:
        coxa.analyse(plan)
    assert "Exercise classes against Usual care at Week 12 has 3.1 by the model" in str(caught.value)
    assert "4. Write `few_clusters: accept` in analysis primary" in str(caught.value)
    shown = CliRunner().invoke(app, ["analyse", str(plan), "--out", str(tmp_path / "out"), "--json"])
    assert shown.exit_code == 1
    assert "at least 4 degrees of freedom" in json.loads(shown.stdout)["error"]


def test_five_clinics_are_too_few_whatever_their_variance_came_out_as(tmp_path: Path) -> None:
    """Between five clinics of two arms there are three degrees of freedom, and the model may count participants."""
    plan = PLAN.replace(RANDOM, f"{RANDOM}    ddf: satterthwaite\n")
    with pytest.raises(FewClustersError, match="the number of levels leaves 3"):
        coxa.analyse(write_trial(tmp_path, people(5), plan))
    coxa.analyse(write_trial(tmp_path, people(6), plan))


def test_accepted_the_analysis_stands_with_its_warning(tmp_path: Path) -> None:
    plan = PLAN.replace(RANDOM, f"{RANDOM}    few_clusters: accept\n")
    file = write_trial(tmp_path, people(4), plan)
    report = coxa.analyse(file)
    rows = report.estimates.only(analysis="primary", term="difference", visit="week_12").frame
    assert TOO_FEW in rows["warning"].iloc[0]
    page = text_of(report)
    assert f"Warning on Primary: Exercise classes against Usual care at Week 12: {TOO_FEW}" in page
    shown = CliRunner().invoke(app, ["analyse", str(file), "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    assert "warning on primary: too few levels of site" in shown.output.replace("\n", " ")
    assert TOO_FEW in (tmp_path / "out" / "estimates.csv").read_text(encoding="utf-8")


def test_other_roles_are_never_refused_and_always_warned_of(tmp_path: Path) -> None:
    plan = PLAN.replace("model: mmrm", "model: mmrm\n    role: secondary")
    report = coxa.analyse(write_trial(tmp_path, people(4), plan))
    rows = report.estimates.only(analysis="primary", term="difference").frame
    assert rows["warning"].str.contains(TOO_FEW, regex=False).all()


def test_levels_that_both_arms_share_set_no_limit(tmp_path: Path) -> None:
    who = people(12)
    shared = who.assign(clinic=[f"C{k % 4}" for k in range(len(who))])
    plan = PLAN.replace("design: cluster", "design: parallel").replace(RANDOM, f"{RANDOM}    ddf: satterthwaite\n")
    frame = coxa.analyse(write_trial(tmp_path, shared, plan)).estimates.frame
    few = frame["warning"].str.contains(TOO_FEW, regex=False)
    assert not few[frame["term"] == "difference"].any()
    assert few[frame["term"] == "marginal_mean"].all()


def therapists_of(who: pd.DataFrame, change: dict[str, str]) -> pd.DataFrame:
    return who.assign(
        therapist=[change.get(p, t) for p, t in zip(who["participant_id"], who["therapist"], strict=True)]
    )


def test_who_lacks_a_therapist_is_left_out_and_who_should_have_none_keeps_the_arm(tmp_path: Path) -> None:
    who = therapists_of(people(12), {"P008": "", "P001": "T3"})
    plan = PLAN.replace("design: cluster", "design: parallel").replace(RANDOM, NESTED)
    report = coxa.analyse(write_trial(tmp_path, who, plan))
    lacking, surplus = report.findings
    assert (lacking.severity, lacking.participant_id, lacking.field) == ("warning", "P008", "therapist_id")
    assert lacking.rule == "`therapist_id` is unknown, and analysis primary has it in this arm"
    assert (surplus.severity, surplus.participant_id, surplus.value) == ("warning", "P001", "T3")
    assert surplus.rule == "`therapist_id` is not empty: by the plan only classes have one"
    (fit,) = report.fits["primary"]
    assert sorted(set(fit.left_out["participant_id"])) == ["P008"]
    assert set(fit.left_out["reason"]) == {"therapist_id is missing"}
    usual = report.datasets["primary"].analysed["arm"].eq("usual_care")
    assert "P001" in set(fit.sample.participant)
    assert int((fit.random.factors[0].codes < 0).sum()) == int(usual.sum())
    page = text_of(report)
    assert "Not analysed at any visit: 1, therapist is missing" in page
    assert "Model: Primary" in page


@pytest.mark.parametrize(
    ("random", "message"),
    [
        ("    random: {therapist_id: {}}\n", r"write `only_in: \[classes\]` in the plan"),
        ("    random: {therapist_id: {only_in: usual_care}}\n", "no participant in usual_care has a therapist_id"),
    ],
)
def test_an_arm_in_which_nobody_has_the_factor_is_an_error(tmp_path: Path, random: str, message: str) -> None:
    plan = PLAN.replace("design: cluster", "design: parallel").replace(RANDOM, random)
    with pytest.raises(DataError, match=message):
        coxa.analyse(write_trial(tmp_path, people(12), plan))


def test_a_cluster_trial_whose_factor_is_in_both_arms_is_warned_of(tmp_path: Path) -> None:
    who = people(12)
    mixed = who.assign(clinic=[f"C{k % 10}" for k in range(len(who))])
    cohort = coxa.read_cohort(parse_study(PLAN.encode()), write_trial(tmp_path, mixed).parent)
    (found,) = cohort.findings
    assert found.severity == "warning"
    assert found.rule.startswith("clusters have participants in several arms")


def test_page_one_says_that_clinics_were_randomised_also_where_the_plan_has_no_allocation(report: Report) -> None:
    (card,) = (block for block in answer_section(report).blocks if isinstance(block, Card))
    whom = str(dict(card.facts)["For whom?"])
    n = len(report.cohort.table("participants"))
    assert whom.startswith(f"{n} participants (")
    assert "in 12 clusters, which were randomised" in whom
