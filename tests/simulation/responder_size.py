"""Size and coverage of responders by the model, by simulation: the trial, the draws, what is counted.

Run as a script it makes the table of docs/methods/responder-size.md:

    python -m tests.simulation.responder_size --replicates 1000 --write docs/methods/responder-size.md
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep

from coxa.estimates.reached import Responder
from coxa.estimates.responder_model import arm_row, pair_row, probabilities
from coxa.models import fit_mmrm
from tests.simulation.written import write_page

ALPHA = 0.05
VISITS = ("week_6", "week_12")
MARK = 10.0
FORMULA = "change ~ baseline * visit + arm * visit"
SLOPE = -0.4
"""Of the change on the baseline, whose SD is 10."""
MEAN, SD = 6.0, 9.0
"""Of the change in the reference arm at the last visit, and its SD given the baseline."""
RULE = Responder(MARK, True, "change", "change", "baseline")


def truth(effect: float) -> tuple[float, float]:
    """Return the probabilities of an improvement of 10 without and with the treatment."""
    total = np.hypot(SD, 10 * SLOPE)
    return float(norm.sf(MARK, MEAN, total)), float(norm.sf(MARK, MEAN + effect, total))


def draw(per_arm: int, effect: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a trial of two visits; those who did badly at the first have no second more often, about a fifth."""
    n = 2 * per_arm
    baseline, arm = rng.normal(50, 10, n), np.repeat([0, 1], per_arm)
    shared = SLOPE * (baseline - 50) + np.sqrt(0.6) * SD * rng.normal(size=n)
    changes = [share * (MEAN + effect * arm) + shared + np.sqrt(0.4) * SD * rng.normal(size=n) for share in (0.7, 1.0)]
    lost = rng.random(n) < np.where(changes[0] < 2, 0.4, 0.1)
    rows = {"participant_id": np.arange(n), "arm": np.where(arm, "b", "a"), "baseline": baseline}
    frames = [pd.DataFrame({**rows, "visit": v, "change": y}) for v, y in zip(VISITS, changes, strict=True)]
    frames[1] = frames[1][~lost]
    return pd.concat(frames, ignore_index=True)


NUMBERS = ("risk of the reference", "risk difference", "log risk ratio", "log odds ratio", "counted, Newcombe")


def one_trial(data: pd.DataFrame, risks: tuple[float, float]) -> dict[str, tuple[bool, bool, float]]:
    """Return of each number whether it rejects, whether its limits cover the truth, and how wide they are."""
    fit = fit_mmrm(FORMULA, data)
    found = probabilities(fit, RULE, "arm", [VISITS[1]])
    none, with_it = risks
    odds = (with_it / (1 - with_it)) / (none / (1 - none))
    rows = {
        NUMBERS[0]: (arm_row(fit, found, 0, 1 - ALPHA), none, np.nan),
        NUMBERS[1]: (pair_row(fit, found, [1, 0], "difference", 1 - ALPHA), with_it - none, 0.0),
        NUMBERS[2]: (pair_row(fit, found, [1, 0], "log_ratio", 1 - ALPHA), with_it / none, 1.0),
        NUMBERS[3]: (pair_row(fit, found, [1, 0], "log_odds_ratio", 1 - ALPHA), odds, 1.0),
        NUMBERS[4]: (counted(data), with_it - none, 0.0),
    }
    return {
        name: (
            bool(not row["conf_low"] <= null <= row["conf_high"]),
            bool(row["conf_low"] <= value <= row["conf_high"]),
            float(row["conf_high"] - row["conf_low"]),
        )
        for name, (row, value, null) in rows.items()
    }


def counted(data: pd.DataFrame) -> dict[str, float]:
    """Return Newcombe's limits of the shares that were observed at the last visit."""
    seen = data[data["visit"] == VISITS[1]]
    cells = [
        (int((group["change"] >= MARK).sum()), len(group)) for group in (seen[seen["arm"] == k] for k in ("b", "a"))
    ]
    low, high = confint_proportions_2indep(*cells[0], *cells[1], method="newcomb", compare="diff", alpha=ALPHA)
    return {"conf_low": low, "conf_high": high}


def size_and_coverage(per_arm: int, effect: float, replicates: int, seed: int) -> pd.DataFrame:
    """Return of each number the share of trials that reject and that cover, and the mean width of the limits."""
    rng = np.random.default_rng([seed, per_arm, round(10 * effect)])
    trials = [one_trial(draw(per_arm, effect, rng), truth(effect)) for _ in range(replicates)]
    return pd.DataFrame(
        [
            {
                "number": name,
                "rejected": np.mean([t[name][0] for t in trials]),
                "covered": np.mean([t[name][1] for t in trials]),
                "width": np.mean([t[name][2] for t in trials]),
            }
            for name in NUMBERS
        ]
    ).set_index("number")


EFFECT = 5.0
PAGE = """# Responders by the model in small trials, by simulation

{replicates:,} trials of each line: changes at two visits, normal given the baseline; a fifth have no second visit,
more often those who did badly at the first. A responder improves by 10: {none:.0%} without the treatment, {with_it:.0%}
with it. `responder_by_model` after an MMRM (unstructured, REML, Satterthwaite) at the second visit. Size: rejected at
5% where the arms are alike. Coverage, power and width of 95% limits: with the treatment. The last line of each size
counts those observed. Standard error of 5% or 95% by chance: {error:.1%}.

| per arm | number | size | coverage | power | mean width |
|---|---|---|---|---|---|
{lines}

Widths are of limits as printed, of ratios not on the log scale. The model knows how far everybody is from the threshold
and not only on which side, hence the power; it rests on the normal distribution, which the trials here have.

    python -m tests.simulation.responder_size --replicates {replicates} --write docs/methods/responder-size.md
"""


def page(replicates: int, seed: int = 20261130) -> str:
    """Return the table of the docs."""
    lines = []
    for per_arm in (20, 40, 80):
        alike, other = (size_and_coverage(per_arm, effect, replicates, seed) for effect in (0.0, EFFECT))
        lines += [
            f"| {per_arm} | {name} | {'' if name == NUMBERS[0] else format(alike['rejected'][name], '.1%')} | "
            f"{other['covered'][name]:.1%} | {'' if name == NUMBERS[0] else format(other['rejected'][name], '.1%')} | "
            f"{other['width'][name]:.3f} |"
            for name in NUMBERS
        ]
    none, with_it = truth(EFFECT)
    error = (ALPHA * (1 - ALPHA) / replicates) ** 0.5
    return PAGE.format(replicates=replicates, none=none, with_it=with_it, error=error, lines="\n".join(lines))


if __name__ == "__main__":
    write_page(page, 1000)
