"""A rehearsal: the whole plan run many times on the blinded data of its own trial, with a planted effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from coxa.arguments import DATA, NUMBER, WHOLE, kinds
from coxa.cards import Carded
from coxa.design.by_simulation.comparisons import blind_to_arms, chosen_analyses, comparisons
from coxa.design.by_simulation.rehearsed import RehearsalPiece, planted_truth, read_skeleton, run_rehearsals
from coxa.design.by_simulation.rehearsed_dropout import check_dropout
from coxa.design.by_simulation.run import Progress
from coxa.design.by_simulation.simulated import check_numbers, failures, plan_hash
from coxa.design.by_simulation.summary import POWER_COLUMNS, share_error, summary
from coxa.design.by_simulation.vary import Setting
from coxa.errors import OptionError
from coxa.frames import Frame
from coxa.runs.workers import Workers
from coxa.simulate import trial_design
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.comparative import COMPARATIVE, ComparativeStudy

Verdict = Literal["PASS", "RISK", "FAIL"]
REPLICATES, SIZE = 500, 50
WORST_COVERAGE = 0.025
"""By how much coverage may fall short of the level of the intervals."""
MOST_LOST = 0.01
"""Share of rehearsals that may stop without a number."""
Z = 1.96
OF_FACTORS = {"random": "a random effect of", "cluster": "standard errors over"}
"""Key of an analysis that names factors above the participants -> what it has of them."""

ESTIMAND_COLUMNS = (
    "estimand", "verdict", "decided_by", "reason", "analysis", "arm", "reference", "visit", "term", "replicates",
    "power", "power_error", "coverage", "coverage_error", "converged", "fallback",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Rehearsal(Carded):
    """What came of a rehearsal.

    frame    : one row per comparison, in `POWER_COLUMNS`, with `verdict`, `decided_by` (what it hangs on: power,
               coverage, no number, fallback) and `reason`
    failures : why rehearsals had no number, and how many
    left_out : analyses that cannot be rehearsed
    n        : participants of the skeleton
    inputs   : seed, hashes of plan and data, and what else was asked

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("bennell-2014"), participants=40, truth_size=2000, seed=1)
    >>> found = rehearse(trial.study, trial.tables, replicates=10, analyses=["primary"])
    >>> found.estimands, found.by_estimand["decided_by"].tolist()
    ({'primary': 'FAIL'}, ['power'])
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    left_out: tuple[str, ...]
    n: int
    inputs: Mapping[str, Any] = field(repr=False)

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return worst(self.frame["verdict"])

    @property
    def estimands(self) -> dict[str, Verdict]:
        """Verdict on each estimand: the worst of its comparisons, whatever the analysis."""
        return {str(name): worst(rows["verdict"]) for name, rows in self.frame.groupby("estimand", sort=False)}

    @property
    def by_estimand(self) -> pd.DataFrame:
        """One row per estimand: that of the comparison which decides its verdict, among equals the least power."""
        rank = self.frame["verdict"].map(["FAIL", "RISK", "PASS"].index)
        ordered = self.frame.assign(rank=rank).sort_values(["rank", "power"], kind="stable")
        deciding = ordered.drop_duplicates("estimand").set_index("estimand")
        return deciding.loc[list(self.estimands), list(ESTIMAND_COLUMNS[1:])].reset_index()


def worst(verdicts: Iterable[str]) -> Verdict:
    """Return the worst of some verdicts.

    Examples
    --------
    >>> worst(["PASS", "RISK"])
    'RISK'
    """
    there = set(verdicts)
    return "FAIL" if "FAIL" in there else "RISK" if "RISK" in there else "PASS"


@kinds(study=COMPARATIVE, data=DATA, replicates=WHOLE, seed=WHOLE, power=NUMBER)
def rehearse(
    study: ComparativeStudy,
    data: str | Path | Mapping[str, Frame] | None = None,
    *,
    replicates: int = REPLICATES,
    power: float = 0.8,
    effect: float = 1.0,
    dropout: bool = False,
    seed: int = 1,
    analyses: list[str] | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Rehearsal:
    """Rehearse the analyses of a plan on the data of its trial, without looking at the allocation.

    Participants, visits, gaps, covariates and outcomes are those recorded; columns of the allocation are not read.
    Each rehearsal shuffles the arms, adds to the outcome what the assumptions say the arms differ by, and runs the
    plan.

    Parameters
    ----------
    study
        A plan with `data` and `assumptions`.
    data
        Instead of the plan's data: the folder of the files, or the one file; or frames by the name of their table.
    replicates
        Rehearsals.
    power
        What is wanted; between 0.05 and 1.
    effect
        By what the effects of the assumptions are multiplied; 0 rehearses a trial without effect, in which nothing
        is asked of power.
    dropout
        Whether participants also leave as the `dropout` of the assumptions says, beyond the gaps that were recorded: by
        the outcome last recorded (mar) or by the one that is then missed (mnar), with the planted effect in it. The
        planted difference stays the truth, that of a trial from which nobody leaves.
    seed, analyses, jobs, scheduler, progress
        As for `simulated_power`.

    Returns
    -------
    Rehearsal
        PASS: with its Monte Carlo error everything lies on the right side: power, coverage, and how often there is no
        number. FAIL: something lies on the wrong side. RISK: the rehearsals do not tell, or another structure of the
        ladder was used in more than one of twenty.

    Raises
    ------
    PlanError, DataError
        Plan or data cannot be used.
    OptionError
        An option is not allowed, or a random effect of the therapists has no assumptions to draw them from.

    Notes
    -----
    The recorded outcomes are those of all arms together: if the treatment works, their spread is a little larger than
    that within an arm, so that power is rather too low than too high. Only blinded values are looked at, as in a
    blinded review (Friede & Kieser, Biometrical Journal 2006, 48:537-555). Effects are added after strategies for
    intercurrent events.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("bennell-2014"), participants=40, truth_size=2000, seed=1)
    >>> found = rehearse(trial.study, trial.tables, replicates=10, analyses=["primary"])
    >>> found.n, found.verdict
    (40, 'FAIL')
    """
    check_numbers(replicates, None, seed)
    if not 0.05 < power < 1:
        raise OptionError(f"`power` is {power:g}. Give a number above 0.05 and below 1.")
    if dropout:
        check_dropout(study)
    names, left_out = blind_to_arms(study, chosen_analyses(study, analyses))
    design = trial_design(study)
    check_clusters(study, names)
    estimands = list(dict.fromkeys(study.analyses[name].estimand for name in names))
    skeleton = read_skeleton(study, data, estimands)
    pieces = [
        RehearsalPiece(study, skeleton.rows, names, seed, first, min(SIZE, replicates - first), effect, dropout)
        for first in range(0, replicates, SIZE)
    ]
    done, ready = {}, 0
    for number, table in Workers(jobs, scheduler).map(run_rehearsals, [(piece,) for piece in pieces]):
        done[number] = table
        ready += pieces[number].count
        if progress is not None:
            progress(ready, replicates)
    every = pd.concat([done[k] for k in range(len(pieces))], ignore_index=True)
    n = max(rows["participant_id"].nunique() for rows in skeleton.rows.values())
    groups = dict(iter(every.groupby(["analysis", "arm", "reference", "visit", "term"], sort=False)))
    lines = []
    for name in names:
        rows = skeleton.rows[study.analyses[name].estimand]
        truth = planted_truth(study, design, name, rows, effect)
        for one in comparisons(study, name):
            line = summary(groups[(name, *one.key)], one, truth.get(one.key), setting="", n=n)
            level = study.analyses[name].conf_level
            lines.append({**line, **judged(line, power if effect else None, level)})
    return Rehearsal(
        frame=pd.DataFrame(lines, columns=[*POWER_COLUMNS, "verdict", "decided_by", "reason"]),
        failures=failures((Setting("", study), n), every, names),
        left_out=left_out,
        n=n,
        inputs={"study": study.study, "plan_sha256": plan_hash(study), "data_sha256": skeleton.sha256, "seed": seed,
                "replicates": replicates, "power": power, "effect": effect, "dropout": dropout},
    )  # fmt: skip


def check_clusters(study: ComparativeStudy, names: tuple[str, ...]) -> None:
    """Raise `OptionError` where a random effect cannot be drawn anew with the arms."""
    known = study.assumptions.clusters if study.assumptions else {}
    for name in names:
        periods = study.received_in_periods
        randomised = periods.cluster if isinstance(periods, ClusterPeriods) else None
        for factor in study.analyses[name].factors:
            if factor not in known and factor != randomised:
                has = f"{OF_FACTORS[study.analyses[name].factor_key]} {factor}"
                raise OptionError(
                    f"Analysis {name} has {has}, which may reveal the allocation and is "
                    f"drawn anew. Add `clusters: {{{factor}: {{number: ..., icc: ...}}}}` to the assumptions."
                )


def judged(line: Mapping[str, Any], power: float | None, level: float) -> dict[str, str]:
    """Return the verdict on one comparison, what it hangs on, and why, the worst reason first.

    Examples
    --------
    >>> line = {"power": 0.9, "power_error": 0.01, "coverage": 0.95, "coverage_error": 0.01, "converged": 1.0,
    ...         "fallback": 0.0, "replicates": 1000}
    >>> judged(line, 0.8, 0.95)["verdict"]
    'PASS'
    >>> judged(line, 0.95, 0.95)["verdict"], judged(line, 0.95, 0.95)["decided_by"]
    ('FAIL', 'power')
    """
    lost = 1.0 - line["converged"]
    lost_error = share_error(lost * line["replicates"], int(line["replicates"]))
    told = [("no number", *_below(lost, lost_error, MOST_LOST, "no number in {:.1%} of rehearsals (at most {:.1%})"))]
    if line["coverage"] == line["coverage"]:
        least = level - WORST_COVERAGE
        words = "coverage {:.1%} (at least {:.1%})"
        told.append(("coverage", *_above(line["coverage"], line["coverage_error"], least, words)))
    if power is not None:
        told.append(("power", *_above(line["power"], line["power_error"], power, "power {:.1%} (wanted {:.1%})")))
    if line["fallback"] > 0.05:
        told.append(("fallback", "RISK", f"another covariance structure in {line['fallback']:.1%} of rehearsals"))
    told.sort(key=lambda each: ("FAIL", "RISK", "PASS").index(each[1]))
    last = told[0][1]
    decisive = [what for what, verdict, _ in told if verdict == last]
    reasons = [reason for _, verdict, reason in told if last == "PASS" or verdict != "PASS"]
    return {"verdict": last, "decided_by": ", ".join(decisive), "reason": "; ".join(reasons)}


def _above(value: float, error: float, limit: float, words: str) -> tuple[Verdict, str]:
    """Judge a share that should lie above a limit."""
    said = f"{words.format(value, limit)}, Monte Carlo error {error:.1%}"
    return "FAIL" if value + Z * error < limit else "PASS" if value - Z * error >= limit else "RISK", said


def _below(value: float, error: float, limit: float, words: str) -> tuple[Verdict, str]:
    """Judge a share that should lie below a limit."""
    said = f"{words.format(value, limit)}, Monte Carlo error {error:.1%}"
    return "FAIL" if value - Z * error > limit else "PASS" if value + Z * error <= limit else "RISK", said
