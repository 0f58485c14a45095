"""Generalised estimating equations: closed forms, dense matrices, what is named and what is refused."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import linalg
from scipy.optimize import minimize_scalar

import coxa
from coxa.errors import DataError, FewClustersError, FitError, OptionError, RankDeficientError, SeparationError
from coxa.models import GEEFit, GEESpec, fit_gee, fit_glm, fit_mmrm
from coxa.models.glm.families import FAMILIES
from tests.reference.tolerances import CLOSED_FORM, DENSE

VISITS = 3


def trial(seed: int = 1, n: int = 30, gaps: bool = True) -> pd.DataFrame:
    """Draw participants with three visits and an effect of their own, some of them without a value."""
    rng = np.random.default_rng(seed)
    who, when = np.repeat(np.arange(n), VISITS), np.tile(np.arange(VISITS), n)
    own = rng.normal(size=n)[who]
    arm = np.where(who % 2, "exercise", "usual_care")
    rows = pd.DataFrame({"participant_id": who, "visit": [f"v{k}" for k in when], "arm": arm, "age": (7 * who) % 23})
    rows["better"] = (rng.random(len(who)) < 1 / (1 + np.exp(-(own + 0.4 * when - 0.5)))).astype(float)
    rows["falls"] = rng.poisson(np.exp(0.3 * own + 0.5)).astype(float)
    rows["pain"] = 5 + own + rng.normal(size=len(who))
    rows["weeks"] = rng.integers(2, 9, len(who)).astype(float)
    return rows[rng.random(len(rows)) > 0.15] if gaps else rows


OUTCOMES = {"binomial": "better", "poisson": "falls", "gaussian": "pain"}


def fit(family: str = "binomial", rows: pd.DataFrame | None = None, **options: Any) -> GEEFit:
    formula = f"{OUTCOMES[family]} ~ arm + visit + age"
    return fit_gee(formula, trial() if rows is None else rows, family=family, **options)  # type: ignore[arg-type]


def dense(of: GEEFit) -> list[dict[str, np.ndarray]]:
    """Return slopes, inverse working covariance at scale 1, and residuals of each cluster, from its rows."""
    family, design = FAMILIES[of.family], of.design
    place = pd.Index(of.sample.visits).get_indexer(pd.Index(of.sample.visit))
    full = of.working.matrix(VISITS)
    found = []
    for label in pd.unique(of.cluster):
        rows = np.flatnonzero(of.cluster == label)
        root = np.diag(np.sqrt(family.slope(of.fitted[rows])))
        correlation = full[np.ix_(place[rows], place[rows])]
        covariance = root @ correlation @ root
        found.append(
            {"d": root @ root @ design.x[rows], "w": np.linalg.inv(covariance), "r": (design.y - of.fitted)[rows]}
        )
    return found


@pytest.mark.parametrize("working", ["independence", "exchangeable", "ar1", "unstructured"])
@pytest.mark.parametrize("family", list(OUTCOMES))
@pytest.mark.parametrize("alpha", ["geepack", "sas"])
def test_equations_and_moments_hold_on_dense_matrices(family: str, working: str, alpha: str) -> None:
    of = fit(family, working=working, alpha=alpha)
    clusters = dense(of)
    score = sum(c["d"].T @ c["w"] @ c["r"] for c in clusters)
    size = np.sqrt(sum(((c["d"].T @ c["w"]) ** 2) @ (c["r"] ** 2) for c in clusters))
    assert score / size == pytest.approx(0, abs=1e-8)
    pearson = (of.design.y - of.fitted) / np.sqrt(FAMILIES[family].slope(of.fitted))
    n, p = of.design.x.shape
    assert of.scale == pytest.approx((pearson**2).sum() / (n - (p if alpha == "sas" else 0)), rel=CLOSED_FORM)
    place = pd.Index(of.sample.visits).get_indexer(pd.Index(of.sample.visit))
    pairs = [
        (abs(place[i] - place[j]), tuple(sorted((place[i], place[j]))), pearson[i] * pearson[j] / of.scale)
        for label in pd.unique(of.cluster)
        for i, j in combinations(np.flatnonzero(of.cluster == label), 2)
    ]
    lost = p if alpha == "sas" else 0
    if working == "exchangeable":
        wanted = [sum(z for *_, z in pairs) / (len(pairs) - lost)]
    elif working == "unstructured":
        which = [[z for _, at, z in pairs if at == pair] for pair in combinations(range(VISITS), 2)]
        wanted = [sum(z) / (len(z) - lost) for z in which]
    elif working == "ar1" and alpha == "sas":
        near = [z for lag, _, z in pairs if lag == 1]
        wanted = [sum(near) / (len(near) - lost)]
    elif working == "ar1":
        squares = lambda a: sum((z - a**lag) ** 2 for lag, _, z in pairs)  # noqa: E731
        wanted = [minimize_scalar(squares, bounds=(-1, 1), method="bounded", options={"xatol": 1e-12}).x]
    else:
        wanted = []
    assert of.alpha.to_numpy() == pytest.approx(wanted, abs=1e-6 if working == "ar1" else CLOSED_FORM)


def power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    return np.real(linalg.fractional_matrix_power(matrix, exponent))


@pytest.mark.parametrize("working", ["independence", "exchangeable", "ar1", "unstructured"])
@pytest.mark.parametrize("vcov", ["LZ", "KC", "MD", "FG"])
def test_sandwiches_are_those_of_leverages_of_rows(working: str, vcov: str) -> None:
    """As the papers write them, with the matrices H_i of the size of a cluster."""
    of = fit(working=working, vcov=vcov)
    clusters = dense(of)
    bread = np.linalg.inv(sum(c["d"].T @ c["w"] @ c["d"] for c in clusters))
    meat = np.zeros_like(bread)
    for c in clusters:
        leverage = c["d"] @ bread @ c["d"].T @ c["w"]
        left = np.eye(len(leverage)) - leverage
        residual = {"KC": power(left, -0.5), "MD": power(left, -1)}.get(vcov, np.eye(len(left))) @ c["r"]
        score = c["d"].T @ c["w"] @ residual
        if vcov == "FG":
            share = np.diag(c["d"].T @ c["w"] @ c["d"] @ bread)
            score = score / np.sqrt(1 - np.minimum(0.75, share))
        meat += np.outer(score, score)
    assert of.cov_params().to_numpy() == pytest.approx(bread @ meat @ bread, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("vcov", ["LZ", "FG"])
def test_fay_and_graubards_degrees_of_freedom_on_whole_matrices(vcov: str) -> None:
    """(K p, K p) matrices as in their section 2.5, with weights by what is gained without a cluster."""
    of = fit(working="exchangeable", vcov=vcov, ddf="fay-graubard", rows=trial(n=12))
    clusters = dense(of)
    omega = [c["d"].T @ c["w"] @ c["d"] for c in clusters]
    total = sum(omega)
    v, k, p = np.linalg.inv(total), len(omega), len(of.params)
    h = [np.eye(p) if vcov == "LZ" else np.diag(1 / np.sqrt(1 - np.minimum(0.75, np.diag(o @ v)))) for o in omega]
    u = [c["d"].T @ c["w"] @ c["r"] for c in clusters]
    shared = sum(np.outer(a @ b, a @ b) for a, b in zip(h, u, strict=True))
    g = np.eye(k * p) - np.kron(np.ones((1, k)), np.vstack([o @ v for o in omega]))
    for j, row in enumerate(np.eye(p)):
        gain = np.array([row @ (np.linalg.inv(total - o) - v) @ row for o in omega])
        psi = linalg.block_diag(*[share * shared for share in gain / gain.sum()])
        m = linalg.block_diag(*[a @ v @ np.outer(row, row) @ v @ a for a in h])
        product = psi @ g.T @ m @ g
        assert of.df.iloc[j] == pytest.approx(np.trace(product) ** 2 / np.trace(product @ product), rel=1e-7)


@pytest.mark.parametrize("vcov", ["LZ", "KC", "MD"])
def test_satterthwaite_is_that_of_the_mixed_models_sandwich(vcov: str) -> None:
    """A gaussian model of complete clusters under exchangeable correlation is a compound symmetric one."""
    rows = trial(gaps=False)
    of = fit("gaussian", rows, working="exchangeable", vcov=vcov, ddf="satterthwaite")
    word = {"LZ": "CR0", "KC": "CR2", "MD": "CR3"}[vcov]
    mixed = fit_mmrm("pain ~ arm + visit + age", rows, covariance="cs", vcov=word)  # type: ignore[arg-type]
    assert of.params.to_numpy() == pytest.approx(mixed.params.to_numpy(), rel=1e-7)
    assert of.std_error.to_numpy() == pytest.approx(mixed.std_error.to_numpy(), rel=1e-7)
    assert of.df.to_numpy() == pytest.approx(mixed.df.to_numpy(), rel=2e-2), "alpha is not the likelihood's"


def test_one_row_a_cluster_is_the_generalised_linear_model_with_hc0_to_hc3() -> None:
    rows = trial()[lambda d: d["visit"] == "v1"]
    glm = fit_glm("pain ~ arm + age", rows, family="gaussian")
    x, r = glm.design.x, glm.design.y - glm.fitted
    bread = np.linalg.inv(x.T @ x)
    h = np.einsum("ia,ab,ib->i", x, bread, x)
    for vcov, divisor in (("LZ", 1.0), ("KC", 1 - h), ("MD", (1 - h) ** 2)):
        of = fit_gee("pain ~ arm + age", rows, family="gaussian", vcov=vcov)  # type: ignore[arg-type]
        assert of.params.to_numpy() == pytest.approx(glm.params.to_numpy())
        assert of.cov_params().to_numpy() == pytest.approx(bread @ (x.T * (r**2 / divisor)) @ x @ bread, rel=DENSE)
        assert of.df.tolist() == [of.n_clusters - 3] * 3


def test_order_and_labels_of_the_rows_change_nothing() -> None:
    rows = trial()
    one = fit(working="ar1")
    other = fit(rows=rows.sample(frac=1, random_state=3), working="ar1")
    assert other.params.to_numpy() == pytest.approx(one.params.to_numpy(), rel=1e-9)
    assert other.fittedvalues.sort_index().to_numpy() == pytest.approx(one.fittedvalues.sort_index().to_numpy())
    assert rows.equals(trial())


def test_exposure_is_an_offset_with_coefficient_one() -> None:
    """Twice the exposure everywhere takes log 2 off the intercept, and nothing else."""
    rows = trial()
    one = fit_gee("falls ~ arm + visit", rows, family="poisson", exposure="weeks", working="exchangeable")
    two = fit_gee(
        "falls ~ arm + visit", rows.assign(weeks=2 * rows["weeks"]), family="poisson", exposure="weeks", working="exch"
    )
    assert (one.params - two.params).to_numpy() == pytest.approx([np.log(2), 0, 0, 0], abs=1e-9)
    assert two.fitted == pytest.approx(one.fitted)
    assert two.predict(rows[:1])["estimate"].iloc[0] == pytest.approx(one.predict(rows[:1])["estimate"].iloc[0] / 2)


def test_rows_with_a_gap_are_counted_and_listed() -> None:
    rows = trial(gaps=False)
    rows.loc[[2, 5], "better"] = np.nan
    rows.loc[7, "age"] = np.nan
    of = fit(rows=rows)
    assert (of.n_observations, of.n_participants) == (87, 30)
    assert of.left_out["reason"].tolist() == ["better is missing", "better is missing", "age is missing"]


def test_the_recorded_call_gives_the_fit_again() -> None:
    of = fit(working="AR(1)", vcov="FG", ddf="fay-graubard", alpha="sas")
    again = eval(of.spec.call(), {"fit_gee": fit_gee, "data": trial()})
    assert again.params.equals(of.params)
    assert again.spec == of.spec
    assert isinstance(of.spec, GEESpec)


def test_it_answers_to_the_usual_names_and_shows_itself() -> None:
    of = fit(working="exchangeable")
    assert of.bse.equals(of.std_error)
    assert of.tvalues.to_numpy() == pytest.approx((of.params / of.bse).to_numpy())
    assert (of.fittedvalues + of.resid).to_numpy() == pytest.approx(of.design.y)
    assert of.pvalues.between(0, 1).all()
    assert of.nobs == len(of.design.y)
    assert of.tidy()["method"].iloc[0].endswith("Kauermann-Carroll sandwich, t with clusters less coefficients")
    assert "Working correlation" in of.summary()
    assert of.joint_test(np.eye(5)[2:4]).df == 2
    assert of.correlation.loc["1", "3"] == of.alpha["alpha"]


def test_few_clusters_are_named() -> None:
    twelve = fit_gee("better ~ arm", trial(n=12), vcov="LZ")
    assert "12 clusters, fewer than 40: standard errors without a correction" in twelve.warnings[0]
    assert not fit_gee("better ~ arm", trial(n=12)).warnings
    assert "no corrected standard error is reliable" in fit_gee("pain ~ arm", trial(n=8), family="gaussian").warnings[0]
    with pytest.raises(FewClustersError, match="4 clusters"):
        fit_gee("pain ~ arm + visit", trial(n=4), family="gaussian")


def test_a_cluster_that_alone_determines_a_coefficient_is_named() -> None:
    rows = trial(n=14).assign(site=lambda d: np.where(d["participant_id"] == 3, "small", "large"))
    of = fit_gee("pain ~ arm + site", rows, family="gaussian")
    assert "1 clusters determine a coefficient alone" in of.warnings[-1]


def test_participants_are_counted_within_clinics() -> None:
    rows = trial().assign(clinic=lambda d: d["participant_id"] % 10)
    of = fit_gee("better ~ arm", rows, cluster="clinic", working="exchangeable")
    assert (of.n_clusters, of.n_participants) == (10, 30)
    moved = rows.assign(clinic=np.arange(len(rows)) % 10)
    with pytest.raises(DataError, match="rows in another cluster"):
        fit_gee("better ~ arm", moved, cluster="clinic")


@pytest.mark.parametrize("working", ["independence", "exchangeable"])
def test_separation_is_an_error_by_name(working: str) -> None:
    rows = trial()
    rows.loc[rows["arm"] == "exercise", "better"] = 1.0
    with pytest.raises(SeparationError, match=r"arm\[usual_care\]"):
        fit(rows=rows, working=working)
    rows.loc[rows["arm"] == "exercise", "falls"] = 0.0
    with pytest.raises(SeparationError, match="infinite"):
        fit("poisson", rows, working=working)


def mended(change: dict[str, Any]) -> pd.DataFrame:
    rows = trial(gaps=False)
    for (row, column), value in change.items():  # type: ignore[misc]
        rows.loc[row, column] = value
    return rows


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        ({(1, "visit"): "v0"}, {}, DataError, "measured twice"),
        ({(1, "participant_id"): np.nan}, {}, DataError, "no participant_id"),
        ({(1, "weeks"): 0.0}, {"family": "poisson", "exposure": "weeks"}, DataError, "not a number above 0"),
        ({(1, "better"): 0.5}, {}, FitError, "0 and 1"),
        ({}, {"working": "toeplitz"}, OptionError, "unstructured"),
        ({}, {"vcov": "CR2"}, OptionError, "KC"),
        ({}, {"cluster": "clinic"}, OptionError, "clinic"),
        ({}, {"exposure": "weeks"}, OptionError, "family='poisson'"),
        ({}, {"order": "week"}, OptionError, "did you mean weeks"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        fit(options.pop("family", "binomial"), mended(change), **dict(options))


def test_other_refusals() -> None:
    rows = trial()
    with pytest.raises(OptionError, match="random effects"):
        fit_gee("better ~ arm + (1 | participant_id)", rows)
    with pytest.raises(OptionError, match="order of the rows"):
        fit_gee("better ~ arm", rows.drop(columns="visit"), working="ar1")
    with pytest.raises(RankDeficientError):
        fit_gee("better ~ arm + old", rows.assign(old=1.0))
    with pytest.raises(FitError, match="0 pairs of rows"):
        fit_gee("better ~ arm", rows[rows["visit"] == "v1"], working="exchangeable")
    opposed = pd.DataFrame({"participant_id": np.repeat(range(20), 2), "visit": [1, 2] * 20, "y": [1.0, -1.0] * 20})
    with pytest.raises(FitError, match="cannot be inverted"):
        fit_gee("y ~ 1", opposed, family="gaussian", working="exchangeable")


def test_coxa_is_the_way_in() -> None:
    assert coxa.models.fit_gee is fit_gee


def test_a_standard_error_of_zero_is_named() -> None:
    """Everybody changes by the same: no cluster says how uncertain that is."""
    rows = pd.DataFrame({"participant_id": np.repeat(range(20), 2), "visit": ["a", "b"] * 20})
    rows["pain"] = np.sin(rows["participant_id"]) + (rows["visit"] == "b")
    of = fit_gee("pain ~ visit", rows, family="gaussian")
    assert of.warnings == (
        "the standard error of visit[b] is zero but for rounding, since no cluster departs from it: it has no test",
    )


def test_ar1_says_what_it_takes_for_granted() -> None:
    rows = trial().assign(visit=lambda d: d["visit"].map({"v0": "week_6", "v1": "week_12", "v2": "week_26"}))
    said = fit(rows=rows, working="ar1").warnings
    assert said[0].startswith("visit taken in the order of the alphabet (week_12, week_26, week_6)")
    assert not fit(rows=rows, working="exchangeable").warnings
    uneven = trial().assign(visit=lambda d: d["visit"].map({"v0": 6, "v1": 12, "v2": 26}))
    assert "6, 12, 26 are not equally far apart" in fit(rows=uneven, working="ar1").warnings[0]
