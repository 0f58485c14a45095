"""The analysis of every imputed data set: analysis of covariance in arrays, and repeated measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from coxa.covariances import Covariance
from coxa.errors import FitError, OptionError, check_known, not_allowed
from coxa.impute.analysed import LABELS, Analysed
from coxa.impute.imputations import Imputations
from coxa.models.batch.api import fit_batch
from coxa.models.design.matrix import Design, design_matrix, orthonormal
from coxa.models.numerics.one_thread import one_thread


@dataclass(frozen=True, slots=True)
class ArmRows:
    """The design of an analysis of one visit, and the rows that give the mean of each arm.

    x      : (n, q) orthonormal design
    means  : (A, q) in the same coordinates, over the covariates of all participants as if all were in the arm
    levels : A arms
    pairs  : positions of each arm and its reference arm
    design : the design of the formula
    back   : (q, q) takes coefficients in these coordinates to those of the formula
    """

    x: np.ndarray
    means: np.ndarray
    levels: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    design: Design
    back: np.ndarray

    @property
    def differences(self) -> np.ndarray:
        """Rows of the differences of each arm from its reference, (pairs, q)."""
        return np.array([self.means[a] - self.means[r] for a, r in self.pairs]).reshape(-1, self.means.shape[1])

    def labels(self, term_of_arm: str, *terms: str) -> pd.DataFrame:
        """Return the labels of a row of each arm, then for each term those of the comparisons."""
        rows = [{"arm": arm, "reference": "", "term": term_of_arm} for arm in self.levels]
        rows += [
            {"arm": self.levels[a], "reference": self.levels[r], "term": term} for term in terms for a, r in self.pairs
        ]
        return pd.DataFrame(rows)


def arm_rows(imputed: Imputations, formula: str, against: str | None = None) -> ArmRows:
    """Return the design of `~ covariates + arm` on one row per participant.

    Raises
    ------
    OptionError
        The arm is not in the formula.
    """
    outcomes, (_, _, outcome, arm) = imputed.outcomes, imputed.columns
    people = outcomes.people.reset_index(drop=True)
    people[arm] = pd.Categorical.from_codes(outcomes.arm.tolist(), pd.Index(outcomes.arms))
    people[outcome] = np.arange(len(people), dtype=float)
    text = with_outcome(outcome, formula)
    design = design_matrix(text, people)
    check_arm(design, arm)
    basis = orthonormal(design.x, design.names)
    levels = tuple(str(level) for level in design.levels[arm])
    means = np.array([design.rows_as(arm, place).mean(axis=0) for place in range(len(levels))]) @ basis.back
    pairs = tuple((levels.index(a), levels.index(r)) for a, r in comparisons(imputed, against))
    return ArmRows(basis.q, means, levels, pairs, design, basis.back)


def with_outcome(outcome: str, formula: str) -> str:
    """Return a formula with the outcome on its left, which may have been left out.

    Examples
    --------
    >>> with_outcome("change", "~ baseline + arm"), with_outcome("change", "change ~ arm")
    ('change ~ baseline + arm', 'change ~ arm')
    """
    left, tilde, right = formula.partition("~")
    return f"{outcome} ~ {(right if tilde else left).strip()}"


def check_arm(design: Design, arm: str) -> None:
    """Raise OptionError where the arm is not in a formula."""
    if arm not in design.levels:
        raise OptionError(f"The arm is not in the formula '{design.formula.text}'. Add `{arm}`.")


def comparisons(imputed: Imputations, against: str | None = None) -> list[tuple[str, str]]:
    """Return each arm with its reference arm, or with one arm; none is compared with itself."""
    outcomes = imputed.outcomes
    if against is not None:
        check_known("arm", against, outcomes.arms)
        return [(arm, against) for arm in outcomes.arms if arm != against]
    pairs = sorted(set(zip(outcomes.arm.tolist(), outcomes.reference.tolist(), strict=True)))
    return [(outcomes.arms[a], outcomes.arms[r]) for a, r in pairs if a != r]


def analyse_ancova(
    imputed: Imputations, formula: str, *, visits: Sequence[str] | None = None, against: str | None = None
) -> Analysed:
    """Analyse every imputed data set by least squares at each visit.

    Parameters
    ----------
    imputed : Imputations
    formula : str
        ``change ~ baseline + arm``, of columns that the imputation model has.
    visits : sequence of str, optional
        By default all.
    against : str, optional
        The arm that all others are compared with; by default each is compared with its reference.

    Returns
    -------
    Analysed
        The mean of each arm over the covariates of all participants, and the difference of each arm from its reference.

    Raises
    ------
    OptionError
        A visit is unknown, or the arm is not in the formula.
    FitError
        Effects that cannot be estimated.

    Examples
    --------
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes, pool_imputations
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b", strategy="j2r")
    >>> imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, 100))
    >>> results = analyse_ancova(imputed, "change ~ arm", visits=["week_2"])
    >>> results.labels["term"].tolist(), results.estimates.shape
    (['marginal_mean', 'marginal_mean', 'difference'], (100, 3))
    """
    made, places = arm_rows(imputed, formula, against), visit_places(imputed, visits)
    n, q = made.x.shape
    if n <= q:
        raise FitError(f"{n} participants are too few for {q} effects", ["Use a smaller formula."])
    rows = np.vstack([made.means, made.differences])
    length = (rows**2).sum(axis=1)
    estimates, variances = [], []
    for block in imputed.blocks():
        with one_thread():
            y = block[:, :, places]
            b = made.x.T @ y
            residual = (y**2).sum(axis=1) - (b**2).sum(axis=1)
            estimates.append((rows @ b).swapaxes(1, 2).reshape(len(y), -1))
            variances.append((residual[:, :, None] / (n - q) * length).reshape(len(y), -1))
    labels = labels_at(imputed, made.labels("marginal_mean", "difference"), places)
    unit = rows / np.sqrt(length)[:, None]
    return Analysed(
        labels=labels,
        estimates=np.concatenate(estimates),
        variances=np.concatenate(variances),
        df_complete=np.full(len(labels), float(n - q)),
        n=n,
        method="ANCOVA at each visit",
        correlation=np.kron(np.eye(len(places)), unit @ unit.T),
    )


def visit_places(imputed: Imputations, visits: Sequence[str] | None) -> list[int]:
    """Return the positions of visits; OptionError for an unknown one."""
    labels = list(imputed.outcomes.visits)
    chosen = labels if visits is None else [str(visit) for visit in visits]
    for visit in chosen:
        if visit not in labels:
            raise OptionError(not_allowed("visit", visit, labels))
    return [labels.index(visit) for visit in chosen]


def labels_at(imputed: Imputations, labels: pd.DataFrame, places: Sequence[int]) -> pd.DataFrame:
    """Return labels of arms once for each visit."""
    parts = [labels.assign(visit=imputed.outcomes.visits[v], outcome=imputed.columns[2]) for v in places]
    return pd.concat(parts, ignore_index=True)[list(LABELS)]


def analyse_mmrm(
    imputed: Imputations,
    formula: str,
    *,
    covariance: Covariance | str = "us",
    visits: Sequence[str] | None = None,
    against: str | None = None,
    means: bool = False,
) -> Analysed:
    """Analyse every imputed data set by a mixed model for repeated measures.

    Parameters
    ----------
    imputed : Imputations
    formula : str
        As of `coxa.models.fit_mmrm`, of columns that the imputation model has.
    covariance : str
        One structure.
    visits : sequence of str, optional
        The visits at which arms are compared; all are in the model.
    against : str, optional
        The arm that all others are compared with; by default each is compared with its reference.
    means : bool
        Whether the mean of each arm is returned too, over the covariates of all participants.

    Returns
    -------
    Analysed
        Differences of each arm from its reference, with the mean of Satterthwaite's degrees of freedom.

    Raises
    ------
    OptionError
        A visit is unknown, or the arm is not in the formula.
    FitError
        The model has no optimum in one of the data sets.

    Examples
    --------
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b")
    >>> imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, 20))
    >>> analyse_mmrm(imputed, "change ~ arm * visit").estimates.shape
    (20, 2)
    """
    _, visit, outcome, arm = imputed.columns
    layout, places = imputed.layout(), visit_places(imputed, visits)
    text = with_outcome(outcome, formula)
    blocks = imputed.blocks()
    first = next(blocks)
    data = layout.assign(**{outcome: first[0].ravel()})
    design = design_matrix(text, data)
    check_arm(design, arm)
    pairs = comparisons(imputed, against)
    people = layout.drop_duplicates(imputed.columns[0]).reset_index(drop=True)
    rows: list[np.ndarray] = []
    labels: list[dict[str, str]] = []
    for v in places:
        own = {name: mean_row(design, people, arm, visit, name, v) for name in imputed.outcomes.arms}
        at = {"outcome": outcome, "visit": imputed.outcomes.visits[v]}
        if means:
            rows += own.values()
            labels += [{**at, "arm": name, "reference": "", "term": "marginal_mean"} for name in own]
        rows += [own[name] - own[other] for name, other in pairs]
        labels += [{**at, "arm": name, "reference": other, "term": "difference"} for name, other in pairs]
    estimates, variances, dfs = [], [], []
    for block in chain([first], blocks):
        fits = fit_batch(
            text,
            data,
            block.reshape(len(block), -1),
            np.array(rows),
            participant=imputed.columns[0],
            visit=visit,
            covariance=covariance,
        )
        if not fits.converged.all():
            raise FitError(
                f"the model has no optimum in {int((~fits.converged).sum())} of {len(block)} imputed data sets",
                ["Use a covariance of fewer parameters, or ANCOVA."],
            )
        estimates.append(fits.estimate)
        variances.append(fits.tests["satterthwaite"].std_error ** 2)
        dfs.append(fits.tests["satterthwaite"].df)
    return Analysed(
        labels=pd.DataFrame(labels)[list(LABELS)],
        estimates=np.concatenate(estimates),
        variances=np.concatenate(variances),
        df_complete=np.concatenate(dfs).mean(axis=0),
        n=len(people),
        method="MMRM, Satterthwaite",
    )


def mean_row(design: Design, people: pd.DataFrame, arm: str, visit: str, name: str, place: int) -> np.ndarray:
    """Return the design row of an arm at a visit, over the covariates of all participants."""
    labels = people[visit].cat.categories
    rows = people.assign(
        **{
            arm: pd.Categorical([name] * len(people), people[arm].cat.categories),
            visit: pd.Categorical.from_codes(np.full(len(people), place), labels),
        }
    )
    return np.asarray(design.rows(rows).mean(axis=0))
