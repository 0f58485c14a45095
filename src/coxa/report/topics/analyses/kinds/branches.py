"""The branches of a sensitivity tree: what each assumes of missing outcomes, its estimate, and where it tips."""

from __future__ import annotations

import math
from dataclasses import dataclass

from coxa.analyses.imputed.assumed import ENDED, assumes, delta_words, used, when
from coxa.analyses.imputed.means import imputed_means
from coxa.analyses.imputed.sets import imputed_sets, rows_of
from coxa.analyses.imputed.tips import amount_of
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.impute import tipping_point
from coxa.models import Fit
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.written import clear, has_interval
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Branch, Imputation
from coxa.tables.formats import number
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records

OWN = ""
"""The name of the analysis itself among its branches."""


@dataclass(frozen=True, slots=True)
class Twig:
    """A branch of a tree with its numbers for one comparison.

    name    : of the branch; empty for the analysis itself
    label   : what it is called
    assumes : what it assumes of missing outcomes, in one sentence
    parent  : name of the branch that it differs from by a delta alone; None where it hangs on the estimand
    record  : its row of estimates; None where the data do not allow it
    without : why there is no row
    tip     : the smallest amount added to the imputed outcomes of the compared arm, or of counts the factor of their
              rate, at which the conclusion changes; NaN where there is none in reach, or where it is not looked for
    tip_words : the same in words, "+2.4 points"; empty where there is none
    """

    name: str
    label: str
    assumes: str
    parent: str | None
    record: Record | None
    without: str = ""
    tip: float = math.nan
    tip_words: str = ""

    @property
    def clear(self) -> bool | None:
        """Whether the interval leaves out no difference; None without an interval."""
        return clear(self.record) if self.record is not None and has_interval(self.record) else None


def own_branch(planned: PlannedAnalysis) -> Branch:
    """Return the assumption of the analysis itself as a branch."""
    analysis = planned.analysis
    assert isinstance(analysis, Imputation)
    return Branch(strategy=analysis.strategy, strategies=analysis.strategies, deltas=analysis.deltas)


def branches_of(planned: PlannedAnalysis) -> dict[str, Branch]:
    """Return the analysis itself and its branches, those with a delta behind the one that they differ from."""
    analysis = planned.analysis
    assert isinstance(analysis, Imputation)
    every = {OWN: own_branch(planned), **analysis.branches}
    above = {name: parent_of(every, name) for name in every}
    roots = [name for name in every if above[name] is None]
    return {name: every[name] for root in roots for name in (root, *(one for one in every if above[one] == root))}


def parent_of(every: dict[str, Branch], name: str) -> str | None:
    """Return the first branch with the same strategies and no delta; None for such a branch itself."""
    own = every[name]
    if not has_delta(own):
        return None
    alike = [
        other
        for other, branch in every.items()
        if (branch.strategy, branch.strategies) == (own.strategy, own.strategies) and not has_delta(branch)
    ]
    return alike[0] if alike else None


def has_delta(branch: Branch) -> bool:
    """Return whether anything is added to imputed outcomes, or they are multiplied."""
    return bool(branch.deltas.add or branch.deltas.multiply)


def assumption_of(planned: PlannedAnalysis, branch: Branch, *, of_delta: bool = False) -> str:
    """Return what a branch assumes, in a sentence for each kind of event; of one with a parent its delta alone."""
    strategies = used(planned, branch)
    deltas = delta_words(planned, branch.deltas)
    if of_delta:
        return f"As above.{deltas}"
    if len(strategies) == 1:
        return assumes(planned, strategies[ENDED]) + deltas
    said = [f"{when(planned, kind)}: {assumes(planned, strategy)}" for kind, strategy in strategies.items()]
    return " ".join(said) + deltas


def label_of(planned: PlannedAnalysis, name: str, branch: Branch) -> str:
    """Return what a branch is called: as the plan says, or by its strategies."""
    if name == OWN:
        return planned.label
    titles = join_words(list(dict.fromkeys(one.title for one in used(planned, branch).values())))
    return branch.label or sentence_case(f"{titles}, with a delta" if has_delta(branch) else titles)


def twigs(report: ReportRecord, planned: PlannedAnalysis, fit: Fit, arm: str) -> list[Twig]:
    """Return the analysis and its branches at the last visit of the estimand, for one compared arm."""
    every = branches_of(planned)
    found = []
    for name, branch in every.items():
        parent = parent_of(every, name)
        words = label_of(planned, name, branch), assumption_of(planned, branch, of_delta=parent is not None)
        try:
            record, tip = _numbers(report, planned, fit, arm, name, branch)
            found.append(Twig(name, *words, parent, record, "", tip, amount_words(planned, tip)))
        except FitError as error:
            found.append(Twig(name, *words, parent, None, error.message))
    return found


def amount_words(planned: PlannedAnalysis, amount: float) -> str:
    """Return an amount with its sign and unit; empty where it is NaN."""
    if math.isnan(amount):
        return ""
    decimals = planned.decimals if planned.of_means else planned.scale.decimals
    unit = planned.unit if planned.of_means else "levels" if planned.kind == "ordered" else planned.scale.unit
    return f"{'+' if amount > 0 else ''}{number(amount, decimals)} {unit}".strip()


def _numbers(
    report: ReportRecord, planned: PlannedAnalysis, fit: Fit, arm: str, name: str, branch: Branch
) -> tuple[Record, float]:
    """Return the row of estimates of a branch, and the amount at which its conclusion changes."""
    dataset, visit = report.datasets[planned.estimand_name], str(planned.visits[-1])
    level, tip = planned.analysis.conf_level, math.nan
    if planned.of_means:
        means = imputed_means(planned, fit, dataset, branch)
        rows = means.differences(against=planned.against, conf_level=level)
        if not has_delta(branch):
            tip = tipping_point(means, arm, against=planned.against, visit=visit, alpha=1 - level).shift
    else:
        sets = imputed_sets(planned, fit, dataset, branch)
        rows = rows_of(planned, sets.results.estimates, sets.imputed.outcomes, "")
        if not has_delta(branch):
            tip = amount_of(planned, sets.imputed, arm)
    return _record(planned, rows, arm, visit, name), tip


def _record(planned: PlannedAnalysis, rows: Estimates, arm: str, visit: str, name: str) -> Record:
    term = planned.effect.term
    frame = rows.only(arm=arm, reference=planned.against, visit=visit, term=term).frame
    (record,) = records(frame.assign(estimand=planned.estimand_name, analysis=planned.name))
    return {**record, "branch": name}
