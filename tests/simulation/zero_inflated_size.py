"""Size and coverage of rate ratios where some participants can have no event: the plan, and what is counted.

Run as a script it makes the table of docs/methods/zero-inflated-size.md:

    python -m tests.simulation.zero_inflated_size --replicates 400 --write docs/methods/zero-inflated-size.md
"""

from __future__ import annotations

from typing import Any

import pandas as pd

import coxa
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.simulation.written import write_page

FAMILIES = {
    "zero_inflated_poisson": "zero-inflated Poisson",
    "zero_inflated_negative_binomial": "zero-inflated negative binomial",
    "negative_binomial": "negative binomial",
    "poisson": "Poisson",
}
RATE, EFFECT = 3.0, 0.6


def plan(ratio: float, never: float, dispersion: float = 0.0, families: tuple[str, ...] = ()) -> ComparativeStudy:
    """Return a trial of flares in a season, of which a share of the participants can have none."""
    flares = {"rate": {"usual": RATE, "exercise": RATE * ratio}, "dispersion": dispersion, "never": never}
    keys: dict[str, Any] = {
        "study": "flares",
        "title": "Flares of those who can have them",
        "arms": {"usual": {"reference": True}, "exercise": {}},
        "visits": {"baseline": {"day": 0}, "month_6": {"day": 182}},
        "outcomes": {"flares": {"kind": "count", "label": "Flares", "higher_is_better": False}},
        "estimands": {
            "flares": {
                "treatment": {"compare": "exercise", "against": "usual"},
                "endpoint": {"outcome": "flares", "visit": "month_6"},
                "summary": "rate_ratio",
            }
        },
        "analyses": {
            family: {
                "estimand": "flares",
                "model": "counts",
                "family": family,
                "role": "primary" if not k else "secondary",
            }
            for k, family in enumerate(families or FAMILIES)
        },
        "assumptions": {"participants": 100, "outcomes": {"flares": flares}},
    }
    study = study_of(keys)
    assert isinstance(study, ComparativeStudy)
    return study


def counted(n: int, never: float, dispersion: float, replicates: int, seed: int) -> pd.DataFrame:
    """Return, by family, size where arms are alike, and coverage, power and mean width where they are not."""
    alike = coxa.simulated_power(plan(1.0, never, dispersion), n, replicates=replicates, seed=seed).frame
    other = coxa.simulated_power(plan(EFFECT, never, dispersion), n, replicates=replicates, seed=seed).frame
    found = other.set_index("analysis")[["coverage", "power", "bias", "width", "converged"]]
    return found.assign(size=alike.set_index("analysis")["power"])


PAGE = """# Zero-inflated counts, by simulation

{replicates:,} trials of each line: two arms, {rate:g} flares in six months of all participants in usual care, of whom a
share can have none at all; the counts of the others are Poisson (dispersion 0) or more variable. Size: rejected at 5%
where arms are alike. Coverage, power, bias and mean width of 95% limits (on the log scale): at a rate ratio of
{effect:.2f}. Standard error of 5% or 95% by chance: {error:.1%}.

| can have none | dispersion | n | family | size | coverage | power | bias | width |
|---|---|---|---|---|---|---|---|---|
{lines}

Where every participant can have the event, the likelihood is often highest without a share who cannot, and the model is
then fitted without it, with a warning. Counts with more variance than Poisson's are log-normal mixtures here, so that
no model of the table is exactly right on the last lines.

    python -m tests.simulation.zero_inflated_size --replicates {replicates} --write docs/methods/zero-inflated-size.md
"""


def page(replicates: int, seed: int = 20261201) -> str:
    """Return the table of the docs."""
    lines = []
    for never, dispersion in ((0.0, 0.0), (0.3, 0.0), (0.3, 0.5)):
        for n in (60, 200):
            found = counted(n, never, dispersion, replicates, seed)
            lines += [
                f"| {never:.0%} | {dispersion:g} | {n} | {words} | {row['size']:.1%} | {row['coverage']:.1%} "
                f"| {row['power']:.1%} | {row['bias']:+.3f} | {row['width']:.3f} |"
                for family, words in FAMILIES.items()
                for row in [found.loc[family]]
            ]
    error = (0.05 * 0.95 / replicates) ** 0.5
    return PAGE.format(replicates=replicates, rate=RATE, effect=EFFECT, error=error, lines="\n".join(lines))


if __name__ == "__main__":
    write_page(page, 400)
