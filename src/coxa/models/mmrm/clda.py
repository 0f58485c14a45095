"""Constrained longitudinal data analysis: the baseline is an outcome, with one mean for all arms.

Randomisation makes the arms' means equal at baseline. Taking the baseline as the first outcome under that
constraint adjusts for it as a covariate would, but keeps participants who have a baseline and nothing else, and
those whose baseline is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from coxa.models.design.matrix import Design
from coxa.models.design.rows import check_frame
from coxa.models.mmrm.api import fit_mmrm
from coxa.models.mmrm.clda_rows import CldaRows, clda_rows
from coxa.models.results.fit import Fit
from coxa.models.spec import CLDASpec, MMRMSpec


@dataclass(frozen=True, slots=True)
class EqualAtBaseline:
    """A memory of the coding that makes the effects' columns out of arm and visit, so that both can be asked for.

    spec    : the memory of the design with the effects' columns
    effects : column -> (arm, visit)
    arm, visit : names of these columns
    """

    spec: Any
    effects: Mapping[str, tuple[Any, str]]
    arm: str
    visit: str

    def get_model_matrix(self, frame: pd.DataFrame, context: Mapping[str, Any]) -> Any:
        """Return the design rows of a frame with arm and visit."""
        made = {
            column: ((frame[self.arm] == arm) & (frame[self.visit] == visit)).to_numpy(dtype=float)
            for column, (arm, visit) in self.effects.items()
        }
        return self.spec.get_model_matrix(frame.assign(**made).drop(columns=self.arm), context=context)


def fit_clda(
    data: pd.DataFrame,
    *,
    response: str = "value",
    baseline: str = "baseline",
    adjust: Sequence[str] = (),
    arm: str = "arm",
    participant: str = "participant_id",
    visit: str = "visit",
    visits: Sequence[Any] | None = None,
    baseline_visit: str = "baseline",
    **options: Any,
) -> Fit:
    """Fit a mixed model for repeated measures with the baseline as outcome and the arms equal there.

    Parameters
    ----------
    data, response, baseline, adjust, arm, participant, visit, visits, baseline_visit
        As in `clda_rows`.
    **options
        Of `coxa.models.fit_mmrm`: covariance, reml, ddf.

    Returns
    -------
    Fit
        `coxa.estimates.contrasts` gives differences at each visit after baseline; a difference of values is also
        one of changes, since the arms are equal at baseline. `fit.params` has ``arm[exercise]:visit[week_12]``,
        the difference from the reference arm there.

    Raises
    ------
    OptionError, DataError, FitError
        As `clda_rows` and `coxa.models.fit_mmrm`.

    Notes
    -----
    Sources: Liang & Zeger, Sankhya B 2000, 62:134-148; Liu, Lu, Mogg, Mallick & Mehrotra, Statistics in Medicine
    2009, 28:2509-2530. With one visit after baseline, nothing missing and full likelihood, the difference is that
    of an analysis of covariance.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(60), "visit": "week_6", "arm": ["a", "b"] * 30})
    >>> d["baseline"] = rng.normal(50, 10, 60)
    >>> d["value"] = 20 + 0.5 * d["baseline"] + rng.normal(0, 5, 60)
    >>> list(fit_clda(d).params.index)
    ['Intercept', 'visit[week_6]', 'arm[b]:visit[week_6]']
    """
    own: dict[str, Any] = {
        "response": response,
        "baseline": baseline,
        "adjust": adjust,
        "arm": arm,
        "participant": participant,
        "visit": visit,
        "visits": visits,
        "baseline_visit": baseline_visit,
    }
    data = check_frame(data)
    rows = clda_rows(data, **own)
    fit = fit_mmrm(rows.formula, rows.frame, participant=participant, visit=visit, visits=rows.visits, **options)
    design = with_arm(fit.design, rows, arm, visit)
    assert isinstance(fit.spec, MMRMSpec)
    return replace(
        fit,
        spec=CLDASpec(**own, model=fit.spec),
        design=design,
        params=fit.params.set_axis(list(design.names)),
        method=f"{fit.method}; baseline as outcome, means of {arm} equal there (cLDA)",
    )


def with_arm(design: Design, rows: CldaRows, arm: str, visit: str) -> Design:
    """Return the design with arm and visit in place of the effects' columns."""
    renamed = {column: f"{arm}[{level}]:{visit}[{label}]" for column, (level, label) in rows.effects.items()}
    variables = [name for name in design.formula.variables if name not in rows.effects]
    terms = {name: where for name, where in design.terms.items() if name not in rows.effects}
    terms[f"{arm}:{visit}"] = tuple(design.names.index(column) for column in rows.effects)
    taken = pd.Categorical(rows.frame.loc[design.complete, arm], categories=list(rows.arms))
    text = design.formula.text.replace(" + ".join(rows.effects), f"{arm}:{visit} (after baseline)")
    return replace(
        design,
        formula=replace(design.formula, text=text, variables=(*variables, arm)),
        names=tuple(renamed.get(name, name) for name in design.names),
        terms=terms,
        levels={**design.levels, arm: rows.arms},
        frame=design.frame.drop(columns=list(rows.effects)).assign(**{arm: taken}),
        spec=EqualAtBaseline(design.spec, rows.effects, arm, visit),
    )
