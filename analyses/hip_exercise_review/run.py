"""Run `python analyses/hip_exercise_review/run.py [folder]`: pools the trials, and shows a next one among them."""

from __future__ import annotations

import sys
from pathlib import Path

from scipy.stats import t

import coxa
from coxa.meta import pool_studies
from coxa.reviews import write_review

HERE = Path(__file__).parent


def main(out: Path) -> None:
    """Write the review to `out/review`, and the report of a simulated next trial to `out/trial`."""
    review = pool_studies(HERE / "pool.yaml")
    print(f"pooled: {review.main.estimate:.3f} {tuple(round(limit, 3) for limit in review.main.limits)}")
    print(f"degrees of freedom {review.main.df:.2f}")
    print(f"next trial: {tuple(round(limit, 3) for limit in review.main.prediction)}")
    low, high = review.main.pooled.tau2_interval
    spread = t.ppf(0.975, len(review.trials) - 1) * (high + review.main.std_error**2) ** 0.5
    print(f"variance between trials {low:.2f} to {high:.2f}; with the larger a next trial from "
          f"{review.main.estimate - spread:.2f} to {review.main.estimate + spread:.2f}")  # fmt: skip
    print(f"report: {write_review(review, out / 'review')[0]}")
    trial = coxa.simulate_study(coxa.read_study(HERE / "next_trial.yaml"), seed=1)
    (page,) = coxa.analyse(trial).write(out / "trial")
    print(f"report: {page}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "out")
