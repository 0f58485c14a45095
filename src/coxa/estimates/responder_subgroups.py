"""Responders by a model of the outcome within subgroups: the effect in each, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from coxa.arguments import NUMBER, kinds
from coxa.errors import check_level, check_option
from coxa.estimates.reached import Measure, People, Responder, Response, baseline_visit, people_of
from coxa.estimates.reference_grid import check_factor
from coxa.estimates.responder_model import WORDS, Covariates, cell, check_plain, visits_asked
from coxa.estimates.risk_rows import RISK_CONTRASTS, on_scale
from coxa.estimates.subgroup_rows import Part, check_interaction, effect_row, effects_of_levels, joint
from coxa.estimates.table import Estimates
from coxa.models.results.fit import FIT, Fit
from coxa.models.results.joint import Joint
from coxa.models.results.joint import joint as joint_covariance


@kinds(fit=FIT, threshold=NUMBER)
def responders_in_subgroups(
    fit: Fit,
    subgroup: str,
    threshold: float,
    *,
    higher_is_better: bool,
    effect: str = "risk_difference",
    measure: Measure = "change",
    response: Response = "change",
    baseline: str = "baseline",
    over: str = "arm",
    against: str | None = None,
    compare: Sequence[str] | None = None,
    visits: Sequence[Any] | None = None,
    covariates: Covariates = "drawn",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the effect of arms on being a responder in each subgroup, by a model of the outcome itself.

    Parameters
    ----------
    fit : Fit
        A model of all subgroups together in which `subgroup` interacts with the arm: ``change ~ arm * visit * sex``.
    subgroup : str
        Factor whose levels are the subgroups.
    threshold, higher_is_better, measure, response, baseline, over, against, visits, covariates, conf_level
        As in `responder_by_model`.
    effect : {"risk_difference", "risk_ratio", "odds_ratio"}
        What is compared: of probabilities averaged over the participants of the subgroup.
    compare : sequence of str, optional
        The arms that are compared; all others unless given.

    Returns
    -------
    Estimates
        At each visit, as `effects_in_subgroups` has them: ``subgroup_difference`` (`analysis` ``sex=female``),
        ``difference_between_subgroups`` (``sex=male-female``) and ``interaction_test`` (``sex=*``). `std_error` of a
        ratio is that of its logarithm.

    Raises
    ------
    OptionError
        The subgroup is no factor that interacts with the arm, or an option is not allowed.

    Notes
    -----
    Errors are by the delta method in coefficients and covariance together. Those of two subgroups share the model;
    their participants, whose covariates are drawn, are others.

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(16), "arm": list("aaaabbbb") * 2, "sex": ["f"] * 8 + ["m"] * 8,
    ...                   "change": [1.0, 5, 9, 5, 8, 12, 16, 12, 3, 7, 9, 5, 6, 8, 10, 4]})
    >>> found = responders_in_subgroups(fit_ancova("change ~ arm * sex", d), "sex", 10, higher_is_better=True)
    >>> found.frame.set_index("analysis")["estimate"].dropna().round(3).to_dict()
    {'sex=f': 0.707, 'sex=m': 0.067, 'sex=m-f': -0.64}
    """
    check_level(conf_level)
    check_option("effect", effect, tuple(RISK_CONTRASTS))
    check_option("covariates", covariates, get_args(Covariates))
    check_factor(fit, over)
    check_interaction(fit.design, over, subgroup)
    check_plain(fit)
    responder = Responder(float(threshold), bool(higher_is_better), measure, response, baseline)
    arms = [str(level) for level in fit.design.levels[over]]
    reference = arms[0] if against is None else check_option("against", str(against), arms)
    rows: list[dict[str, Any]] = []
    for visit in visits_asked(fit, visits, baseline_visit(fit)):
        at = _Visit(fit, responder, subgroup, over, visit, drawn=covariates == "drawn")
        rows += at.rows(arms, reference, compare, effect, conf_level)
    what = f"probability of {responder.words(baseline_visit(fit))} within each level of {subgroup}"
    known = {
        "outcome": fit.outcome,
        "conf_level": conf_level,
        "method": f"{fit.method}; {what}, by the normal distribution; {WORDS[covariates]}",
        "warning": "; ".join(fit.warnings),
    }
    return Estimates.of({**known, **row} for row in rows)


class _Visit:
    """The probabilities of each subgroup and arm at a visit, as functions of coefficients, covariance and people."""

    def __init__(self, fit: Fit, responder: Responder, subgroup: str, over: str, visit: Any, *, drawn: bool) -> None:
        self.fit, self.subgroup, self.visit = fit, subgroup, visit
        known: Joint = joint_covariance(fit)
        column = fit.sample.visit_column
        kept = [over] if column is None or column not in fit.design.levels else [over, column]
        people = people_of(fit, responder, dict.fromkeys(kept))
        self.groups = list(fit.design.levels[subgroup])
        self.levels = list(fit.design.levels[over])
        own = people.frame[subgroup].astype(str).to_numpy()
        self.numbers = [int((own == str(group)).sum()) for group in self.groups]
        blocks, means, gradients = [known.covariance], [], []
        width = len(known.covariance) + len(self.groups) * len(self.levels)
        self.p = len(known.beta)
        for place, group in enumerate(self.groups):
            inside = _among(people, own == str(group))
            cells = [cell(fit, known, responder, inside, kept, level, visit) for level in self.levels]
            each = np.array([one.each for one in cells])
            spread = np.atleast_2d(np.cov(each)) / each.shape[1] if drawn and each.shape[1] > 1 else None
            blocks.append(np.zeros((len(cells), len(cells))) if spread is None else spread)
            rows = np.zeros((len(cells), width))
            for k, one in enumerate(cells):
                rows[k, : len(known.covariance)] = np.concatenate([one.by_beta, one.by_theta])
                rows[k, len(known.covariance) + place * len(cells) + k] = 1.0
            means.append(each.mean(axis=1))
            gradients.append(rows)
        self.covariance = block_diag(*blocks)
        self.means, self.gradients = np.array(means), np.array(gradients)

    def df_of(self, gradient: np.ndarray) -> float:
        """Return the degrees of freedom of the model for what a number is of the coefficients."""
        return float(self.fit.inference.df(gradient[: self.p]))

    def rows(
        self, arms: list[str], reference: str, compare: Sequence[str] | None, effect: str, conf_level: float
    ) -> list[dict[str, Any]]:
        """Return the effect in each subgroup, what these differ by, and the test that they are alike."""
        groups, b = [str(group) for group in self.groups], arms.index(reference)
        found: list[dict[str, Any]] = []
        tested: list[Part] = []

        def numbers(part: Part) -> dict[str, float]:
            return effect_row(part.value, part.error(self.covariance), self.df_of(part.gradient), effect, conf_level)

        def behind(g: int) -> dict[str, int]:
            return {"n_participants": self.numbers[g], "n_observations": self.numbers[g]}

        for a, name in enumerate(arms):
            if name == reference or (compare is not None and name not in compare):
                continue
            effects = {}
            for g, group in enumerate(groups):
                value, slope = on_scale(self.means[g, [a, b]], RISK_CONTRASTS[effect])
                effects[group] = Part(value, slope @ self.gradients[g][[a, b]])
            shared = {"visit": str(self.visit), "arm": name, "reference": reference}
            found += [{**shared, **row} for row in effects_of_levels(self.subgroup, groups, effects, numbers, behind)]
            tested += [effects[group] - effects[groups[0]] for group in groups[1:]]
        n = sum(self.numbers)
        named = {"term": "interaction_test", "analysis": f"{self.subgroup}=*", "visit": str(self.visit)}
        found.append({**named, **joint(tested, self.covariance, self.df_of), "n_participants": n, "n_observations": n})
        return found


def _among(people: People, inside: np.ndarray) -> People:
    frame: pd.DataFrame = people.frame[inside]
    return People(frame, people.bounds[inside], people.group[inside])
