"""How well limits of 99.8 % find planted clinics, by how their over-dispersion is kept from being made by them.

Clinics of a registry of twelve: their numbers of patients, means that vary as in `RegistryAssumptions`, and none, one
or two clinics that are better or worse by a point. Only the means of clinics are drawn.

    python -m tests.simulation.audit_dispersion [--draws 2000]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np

from coxa.audit import over_dispersion

N = np.array([287, 266, 353, 215, 275, 245, 399, 367, 311, 251, 204, 139])
ERRORS = 1.9 / np.sqrt(N)
BETWEEN = float(np.sqrt(0.12**2 + 0.25**2 / 5))
LIMIT = 3.090232306
SETTINGS: dict[str, tuple[float, dict[int, float]]] = {
    "equal clinics": (0.0, {}),
    "clinics vary": (BETWEEN, {}),
    "one planted": (BETWEEN, {8: -1.0}),
    "two planted": (BETWEEN, {2: 1.0, 8: -1.0}),
}


def of_all(screen: str, share: float = 0.1) -> Callable[[np.ndarray], np.ndarray]:
    """Return the variance between clinics by all of them, the same for each."""

    def found(means: np.ndarray) -> np.ndarray:
        z = (means - np.average(means, weights=N)) / ERRORS
        return np.full(len(N), over_dispersion(z, ERRORS, screen=screen, share=share).tau2)  # type: ignore[arg-type]

    return found


def of_others(screen: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return the variance between clinics by the others alone, for each clinic."""

    def found(means: np.ndarray) -> np.ndarray:
        variances = np.zeros(len(N))
        for i in range(len(N)):
            other = np.arange(len(N)) != i
            z = (means[other] - np.average(means[other], weights=N[other])) / ERRORS[other]
            variances[i] = over_dispersion(z, ERRORS[other], screen=screen).tau2  # type: ignore[arg-type]
        return variances

    return found


WAYS = {
    "as they are": of_all("none"),
    "winsorised, a tenth": of_all("winsorised"),
    "winsorised, a fifth": of_all("winsorised", 0.2),
    "truncated, a tenth": of_all("truncated"),
    "leave one out": of_others("none"),
    "leave one out, winsorised": of_others("winsorised"),
}


def shares(setting: str, draws: int, seed: int = 1) -> dict[str, tuple[float, float]]:
    """Return way -> per cent of other clinics outside, and of planted clinics outside on their side."""
    random, (between, planted) = np.random.default_rng(seed), SETTINGS[setting]
    wrong: dict[str, list[float]] = {name: [] for name in WAYS}
    right: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(draws):
        true = random.normal(0, between, len(N))
        true[list(planted)] = list(planted.values())
        means = true + random.normal(0, ERRORS)
        off = means - np.average(means, weights=N)
        for name, way in WAYS.items():
            outside = np.sign(off) * (np.abs(off) > LIMIT * np.sqrt(ERRORS**2 + way(means)))
            wrong[name].append(float(np.mean(np.delete(outside, list(planted)) != 0)))
            right[name] += [float(outside[at] == np.sign(effect)) for at, effect in planted.items()]
    return {name: (100 * float(np.mean(wrong[name])), 100 * float(np.mean(right[name] or [np.nan]))) for name in WAYS}


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000)
    draws = parser.parse_args().draws
    found = {setting: shares(setting, draws) for setting in SETTINGS}
    sys.stdout.write(f"| z scores | {' | '.join(SETTINGS)} |\n|{'---|' * (len(SETTINGS) + 1)}\n")
    for name in WAYS:
        cells = [f"{wrong:.2f}" + ("" if np.isnan(right) else f"; {right:.0f}")
                 for wrong, right in (found[setting][name] for setting in SETTINGS)]  # fmt: skip
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
