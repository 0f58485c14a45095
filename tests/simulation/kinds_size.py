"""Size and coverage of every method for outcomes that are no means, by simulation, in one page.

The lines of methods with a page of their own are read from these pages; the others are simulated here: models over
clusters, competing risks, hazards grouped by visits, hazard ratios in parts of follow-up, the bootstrap of responders,
levels at two visits, events in order, and wins in strata. Run as a script it makes docs/methods/kinds-size.md:

    python -m tests.simulation.kinds_size --replicates 400 --write docs/methods/kinds-size.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, ndtr

from coxa.errors import CoxaError
from coxa.estimates import MeasuredEndpoint, model_rates, standardised_risks, win_statistics
from coxa.models import (
    fit_cox,
    fit_glm,
    fit_grouped_hazards,
    fit_ordinal,
    fit_recurrent,
    fit_subdistribution,
    gray_test,
    recurrent_rows,
    spans_of_times,
    split_follow_up,
)
from tests.simulation.kinds_pages import read_lines
from tests.simulation.written import write_page

ALPHA = 0.05
PER_ARM = (20, 40, 80)
EACH = 5
"""Participants of a cluster; clusters have one arm each."""

APART = 0.6
"""Standard deviation of the clusters on the scale of the log odds, the log rate or the log hazard."""

DRAWS = 500
"""Bootstrap samples of a trial."""

Found = dict[str, tuple[bool, bool | None]]
"""Method -> whether a trial rejects, and whether its limits cover the truth; None where there is none to cover."""


def of_clusters(per_arm: int, effect: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a trial of clusters: a yes or no, a count and a time, each with an effect on the log scale."""
    n = 2 * per_arm
    cluster = np.arange(n) // EACH
    arm = cluster % 2
    shift = rng.normal(0, APART, cluster.max() + 1)[cluster] + effect * arm
    time = rng.exponential(1 / np.exp(shift))
    return pd.DataFrame(
        {
            "participant_id": np.arange(n),
            "site": cluster,
            "arm": np.where(arm == 1, "b", "a"),
            "better": (rng.random(n) < expit(shift - 0.4)).astype(int),
            "falls": rng.poisson(2 * np.exp(shift) * rng.gamma(2, 0.5, n)),
            "time": np.minimum(time, 1.5),
            "event": (time <= 1.5).astype(int),
        }
    )


def judged(row: Any, truth: float | None) -> tuple[bool, bool | None]:
    """Return whether a row of estimates rejects, and whether it covers."""
    covered = None if truth is None else bool(row["conf_low"] <= truth <= row["conf_high"])
    return bool(row["p_value"] < ALPHA), covered


def risk(effect: float) -> float:
    """Return the risk of an arm over all clusters."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    return float(weights @ expit(APART * nodes + effect - 0.4) / weights.sum())


def over_clusters(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what models over clusters find in a trial; a logistic model that ignores them too."""
    d, over = of_clusters(per_arm, effect, rng), {"vcov": "CR2", "cluster": "site"}
    difference, found = risk(effect) - risk(0.0), {}
    for name, options in (("over clusters", over), ("clusters ignored", {})):
        fit = fit_glm("better ~ arm", d, **options)  # type: ignore[arg-type]
        rows = standardised_risks(fit, d, variance="ge", small_samples=not options).only(term="risk_difference").frame
        found[f"logistic, {name}: risk difference"] = judged(rows.iloc[0], difference)
    for family in ("poisson", "negative_binomial"):
        fit = fit_glm("falls ~ arm", d, family=family, **over)  # type: ignore[arg-type]
        row = model_rates(fit).only(term="rate_ratio").frame.iloc[0]
        found[f"{family.replace('_', ' ')}, over clusters: rate ratio"] = judged(row, float(np.exp(effect)))
    cox = fit_cox("arm", d, time="time", event="event", cluster="site", correction="leverage")
    t = abs(cox.coef[0] / cox.se[0])
    # clusters that differ make hazards of all participants not proportional: there is no one ratio to cover
    found["Cox, over clusters: hazard ratio"] = (bool(2 * stats.t.sf(t, cox.df(np.ones(1))) < ALPHA), None)
    return found


def wald(value: float, error: float, truth: float | None) -> tuple[bool, bool | None]:
    """Return whether a normal test rejects zero, and whether its limits cover."""
    half = float(stats.norm.ppf(1 - ALPHA / 2)) * error
    return bool(abs(value) > half), None if truth is None else bool(abs(value - truth) <= half)


def of_competing(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what is found where another event prevents that of interest: constant hazards of both causes."""
    n, arm = 2 * per_arm, np.arange(2 * per_arm) % 2
    own, other = rng.exponential(1 / np.exp(effect * arm)), rng.exponential(2.0, n)
    time = np.minimum(np.minimum(own, other), 1.5)
    cause = np.where(time == 1.5, 0, np.where(own < other, 1, 2))
    d = pd.DataFrame({"participant_id": range(n), "arm": np.where(arm == 1, "b", "a"), "time": time, "cause": cause})
    d["event"] = (cause == 1).astype(int)
    hazard = fit_cox("arm", d, time="time", event="event")
    share = fit_subdistribution("arm", d, time="time", cause="cause", of=1)
    # its hazards are proportional only where the arms are alike, so that there is nothing to cover else
    return {
        "competing risks: hazard ratio of the cause": wald(hazard.coef[0], hazard.se[0], effect),
        "competing risks: subdistribution hazard ratio": wald(share.coef[0], share.se[0], None if effect else 0.0),
        "competing risks: Gray's test": (bool(gray_test(time, cause, d["arm"], of=1).p_value < ALPHA), None),
    }


def at_visits(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what grouped hazards find where events are known at four visits."""
    n, arm = 2 * per_arm, np.arange(2 * per_arm) % 2
    days = np.array([91.0, 182.0, 273.0, 364.0])
    time = rng.exponential(250 / np.exp(effect * arm))
    seen = np.searchsorted(days, time)
    known = pd.DataFrame({"participant_id": range(n), "arm": np.where(arm == 1, "b", "a")})
    known = known.assign(time=days[np.minimum(seen, 3)], status=(seen < 4).astype(int))
    visits = ["v1", "v2", "v3", "v4"]
    fit = fit_grouped_hazards("arm", spans_of_times(known, visits, list(days)), visits=visits)
    return {"grouped hazards at visits: hazard ratio": wald(fit.coef[-1], fit.se[-1], effect)}


def in_parts(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return the ratios in two parts of follow-up; with an effect, that of the first part alone."""
    n, arm = 2 * per_arm, np.arange(2 * per_arm) % 2
    early = rng.exponential(1 / np.exp(effect * arm))
    time = np.where(early < 0.5, early, 0.5 + rng.exponential(1.0, n))
    d = pd.DataFrame({"participant_id": range(n), "arm": np.where(arm == 1, "b", "a"), "time": np.minimum(time, 1.5)})
    split = split_follow_up(d.assign(event=(time <= 1.5) * 1), at=[0.5], event="event", arm="arm")
    fit = fit_cox("b_1 + b_2", split, time="time", event="event", start="start")
    z = (fit.coef[0] - fit.coef[1]) / np.sqrt(fit.vcov[0, 0] + fit.vcov[1, 1] - 2 * fit.vcov[0, 1])
    return {
        "Cox in parts: hazard ratio of the first part": wald(fit.coef[0], fit.se[0], effect),
        "Cox in parts: hazard ratio of the second part": wald(fit.coef[1], fit.se[1], 0.0),
        "Cox in parts: test that they are alike": (bool(abs(z) > stats.norm.ppf(1 - ALPHA / 2)), None),
    }


def reached(y: np.ndarray, x: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Return the difference of the probabilities to reach 0.5 by a linear model, of samples (B, n).

    As `responder_by_model` of an analysis of covariance has it; tests compare the two.
    """
    n = y.shape[1]
    design = np.stack([np.ones_like(x), x, arm], axis=2)
    cross = np.einsum("bni,bnj->bij", design, design)
    beta = np.linalg.solve(cross, np.einsum("bni,bn->bi", design, y)[:, :, None])[:, :, 0]
    gap = y - np.einsum("bni,bi->bn", design, beta)
    sd = np.sqrt((gap**2).sum(axis=1) / (n - 3))[:, None]
    usual = beta[:, :1] + beta[:, 1:2] * x - 0.5
    return np.asarray((ndtr((usual + beta[:, 2:]) / sd) - ndtr(usual / sd)).mean(axis=1))


def responders(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what the bootstrap of participants finds of responders by the model of the score."""
    arm = np.repeat([0.0, 1.0], per_arm)
    x = rng.normal(size=2 * per_arm)
    y = effect * arm + 0.5 * x + rng.normal(0, np.sqrt(0.75), 2 * per_arm)
    drawn = np.concatenate(
        [rng.integers(0, per_arm, (DRAWS, per_arm)), rng.integers(per_arm, 2 * per_arm, (DRAWS, per_arm))], axis=1
    )
    values = reached(y[drawn], x[drawn], arm[drawn])
    low, high = np.quantile(values, [ALPHA / 2, 1 - ALPHA / 2])
    truth = float(ndtr(effect - 0.5) - ndtr(-0.5))
    sides = min((values <= 0).sum(), (values >= 0).sum())
    rejects = bool(2 * (sides + 1) / (DRAWS + 1) < ALPHA)
    return {"responders by a model of the score, bootstrap: risk difference": (rejects, bool(low <= truth <= high))}


def two_visits(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what a cumulative model with a random intercept finds of four levels at two visits."""
    n = 2 * per_arm
    arm, visit = np.tile(np.arange(n) % 2, 2), np.repeat([1, 2], n)
    place = effect * arm + np.tile(rng.normal(size=n), 2) + rng.logistic(size=2 * n)
    d = pd.DataFrame({"participant_id": np.tile(np.arange(n), 2), "arm": np.where(arm == 1, "b", "a"), "visit": visit})
    d["level"] = np.searchsorted([-1.2, 0.0, 1.2], place)
    fit = fit_ordinal("level ~ arm + visit + (1 | participant_id)", d, levels=range(4), points=9)
    found = wald(float(fit.params["arm[b]"]), float(fit.bse["arm[b]"]), effect)
    return {"ordered at two visits, random intercept: odds ratio": found}


def one_after_another(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what the model of Prentice, Williams and Peterson finds of three events, each half as likely again."""
    n, arm = 2 * per_arm, np.arange(2 * per_arm) % 2
    gaps = rng.exponential(1 / (np.exp(effect * arm)[:, None] * 1.5 ** np.arange(3)))
    days = gaps.cumsum(axis=1)
    who, which = np.nonzero(days < 1.5)
    people = pd.DataFrame({"participant_id": range(n), "arm": np.where(arm == 1, "b", "a"), "end": 1.5})
    events = pd.DataFrame({"participant_id": who, "day": days[who, which]})
    rows = recurrent_rows(people, events, end="end", day="day")
    fit = fit_recurrent("arm", rows, method="pwp-total", most_events=3, correction="leverage")
    return {"first to third event in order: hazard ratio": wald(fit.coef[0], fit.se[0], effect)}


def in_strata(per_arm: int, effect: float, rng: np.random.Generator) -> Found:
    """Return what win statistics of a score find with pairs in two strata that differ."""
    arm, stratum = np.arange(2 * per_arm) % 2, rng.integers(0, 2, 2 * per_arm)
    score = rng.normal(effect * arm + 0.8 * stratum)
    table = win_statistics([MeasuredEndpoint(score)], arm, strata=stratum).table.set_index("statistic")
    win = float(ndtr(effect / np.sqrt(2)))
    truths = {"win_ratio": win / (1 - win), "net_benefit": 2 * win - 1}
    return {f"{name.replace('_', ' ')} in strata": judged(table.loc[name], true) for name, true in truths.items()}


WORLDS: tuple[tuple[Callable[..., Found], float], ...] = (
    (over_clusters, float(np.log(2.0))),
    (of_competing, float(np.log(2.0))),
    (at_visits, float(np.log(2.0))),
    (in_parts, float(np.log(2.5))),
    (responders, 0.7),
    (two_visits, float(np.log(2.0))),
    (one_after_another, float(np.log(2.0))),
    (in_strata, 0.5),
)
"""What is simulated, with the effect at which limits should cover and tests reject."""


def shares(world: Callable[..., Found], per_arm: int, effect: float, replicates: int) -> dict[str, list[Any]]:
    """Return of each method the share of trials that reject, that cover (None: nothing to cover), and those without."""
    rng = np.random.default_rng([20261201, per_arm, round(1000 * effect), len(world.__name__)])
    kept, lost = [], 0
    for _ in range(replicates):
        try:
            kept.append(world(per_arm, effect, rng))
        except CoxaError:
            lost += 1
    return {
        name: [
            float(np.mean([one[name][0] for one in kept])),
            None if kept[0][name][1] is None else float(np.mean([one[name][1] for one in kept])),
            lost,
        ]
        for name in kept[0]
    }


def simulated(replicates: int) -> Iterator[str]:
    """Yield the lines of the methods that are simulated here."""
    for world, effect in WORLDS:
        for per_arm in PER_ARM:
            alike, other = (shares(world, per_arm, size, replicates) for size in (0.0, effect))
            for name, (rejected, of_alike, lost) in alike.items():
                power, covered, gone = other[name]
                limits = of_alike if covered is None else covered
                shown = "" if limits is None else f"{limits:.1%}"
                yield f"| {name} | {per_arm} | {rejected:.1%} | {shown} | {power:.1%} | {lost + gone} |"


PAGE = """# Outcomes that are no means in small trials: every method

What each method for a yes or no, levels, counts, times and rankings does at 20, 40 and 80 participants an arm: how
often it rejects at 5% where arms are alike (size), and how often its 95% limits hold the truth (coverage). The
first table is read from the pages of the methods, which say what was drawn; the second has the methods without a
page of their own.

| kind | method | in a plan | size at 20, 40, 80 | coverage at 20, 40, 80 | trials a line |
|---|---|---|---|---|---|
{known}

Exact limits (`limits: exact`) have a size of at most 5% and a coverage of at least 95% at any number, by how they
are made; `tests/spec/test_estimates_two_proportions.py` sums it over all tables. Estimating equations (`gee`) with
5 to 20 clusters an arm reject in 3.8 to 5.4% with what a plan has: [gee-size.md](gee-size.md). Shares of
participants who cannot have an event: [zero-inflated-size.md](zero-inflated-size.md). Margins:
[margins-size.md](margins-size.md). Not simulated at these numbers: a risk ratio or odds ratio where its difference
is in the table.

## Methods without a page of their own

{replicates:,} trials of each line; standard error of 5% or 95% by chance: {error:.1%}.

- *Over clusters*: {each} participants each, so that 20, 40 and 80 an arm are 4, 8 and 16 clusters, which differ by
  a standard deviation of {apart:g} in the log odds, log rate or log hazard. With an effect: an odds, rate or
  hazard ratio of 2 within a cluster.
- *Competing risks*, *grouped hazards*: a hazard ratio of 2 with an effect.
- *In parts*: with an effect the ratio is 2.5 in the first part and 1 in the second, so that the rejections of the
  second part are no power; without, it is 1 in both.
- *Bootstrap*: {draws} samples of each trial; 31% are responders, 58% with an effect.
- *At two visits*: four levels, participants differ by a standard deviation of 1 in the log odds; with an effect, an
  odds ratio of 2 given the participant. *In order*: each event is 1.5 times as likely as the one before; with an
  effect, a hazard ratio of 2. *In strata*: a score in two strata 0.8 SD apart; with an effect, 0.5 SD.
- A ratio that is not constant has no coverage: that of Cox where clusters differ, and that of the subdistribution
  where hazards of the cause differ, whose coverage is of trials without an effect.
- *without*: trials of both worlds without an estimate, left out.

| method | per arm | size | coverage | rejected with an effect | without |
|---|---|---|---|---|---|
{lines}

    python -m tests.simulation.kinds_size --replicates {replicates} --write docs/methods/kinds-size.md
"""


def page(replicates: int) -> str:
    """Return the page."""
    folder = Path(__file__).parents[2] / "docs" / "methods"
    return PAGE.format(
        known="\n".join(read_lines(folder)),
        replicates=replicates,
        error=(ALPHA * (1 - ALPHA) / replicates) ** 0.5,
        each=EACH,
        apart=APART,
        draws=DRAWS,
        lines="\n".join(simulated(replicates)),
    )


if __name__ == "__main__":
    write_page(page, 400)
