"""Numbers of other software for compliers, doses and mediators, each with where it is from."""

from __future__ import annotations

import numpy as np
import pandas as pd

OUTCOMES = {
    (0, 0): (
        47.7,
        51.5,
        52.6,
        47,
        44.3,
        30.8,
        33.8,
        31.3,
        23.6,
        26.7,
        31.1,
        34.4,
        39.4,
        64.2,
        43.4,
        40,
        40.3,
        36.1,
        32.1,
        36.9,
        36.5,
        37,
        22.1,
        45.9,
        56.4,
        33.5,
        46.2,
        42.4,
        48.5,
        34.3,
        51.2,
        24.6,
        35.6,
        38.5,
        45.2,
        45.9,
        39.2,
        28.3,
        43.1,
        24,
        49.9,
        50.2,
        48.4,
        41.2,
        35.7,
        44.6,
        46.5,
        46.1,
        31.1,
        55.4,
        27.6,
        51,
        49.8,
        43,
    ),
    (0, 1): (
        45.8,
        46.6,
        50.4,
        52,
        48.2,
        56.1,
    ),
    (1, 0): (
        37.1,
        26.9,
        36.1,
        36,
        53.5,
        45.9,
        41,
        49.3,
        37.4,
        39.9,
        43.7,
        57.1,
        47.2,
        44.8,
        24.3,
        43.2,
        41.7,
        31,
    ),
    (1, 1): (
        67.9,
        33,
        38.1,
        40.9,
        35.3,
        35.5,
        52.5,
        43.8,
        46.5,
        66.9,
        48.6,
        72.2,
        67.8,
        48.2,
        64,
        49.7,
        36.1,
        41.9,
        45,
        54.9,
        53.4,
        52.1,
        58.1,
        31.1,
        57.7,
        46.8,
        52.5,
        50.9,
        35.2,
        42.2,
        36.3,
        52.2,
        46.1,
        44.2,
        40.8,
        39.4,
        55,
        33.9,
        43.6,
        48.1,
        57.2,
        38,
    ),
}
"""(allocated, received) -> outcomes of a made-up trial of 60 + 60."""

IV = {
    "itt": 4.241666666667,
    "first": 0.6,
    "estimate": 7.069444444444,
    "model": 2.858298342663,
    "HC0": 2.834379107567,
    "HC1": 2.858298342663,
    "f": 70.8,
    "anderson_rubin": (1.215803707226, 12.863537230472),
    "hausman": (0.019566347907, 0.888995505389),
}
"""AER 1.2-10 (`ivreg`) and the closed form of the delta method, of the trial above."""

COVARIATE = {
    "estimate": 6.936937558526,
    "model": 1.435601692976,
    "HC0": 1.410415066730,
    "HC1": 1.437628155040,
    "first": 0.601013941698,
    "f_model": 44.702978873626,
    "f_HC1": 44.837692112993,
    "hausman": 0.000894889186,
    "dose": (0.858010639464, 0.193013874614),
    "knots": (4.0, 8.0, 12.1),
    "curvature": (0.897917433602, 0.349658494997),
    "curve_at_8_and_12_from_3": ((2.298882775085, 1.992181266774), (1.684201172182, 1.804778620365)),
    "slope_HC3": (0.128258352743, 0.198812714197),
}
"""AER 1.2-10, sandwich, and Hmisc's `rcspline.eval`: tests/reference/causal_dose_r.R."""

JOBS = {
    "acme": -0.015744645029,
    "ade": -0.040264700002,
    "total": -0.056009345031,
    "sobel": 0.012489155573,
    "product": (-0.041111931551, 0.008425662701),
    "rho": -0.273469704641,
    "by_rho": {-0.5: 0.016228414618, -0.3: 0.001671233373, 0.1: -0.021310440306, 0.5: -0.047717704676},
    "interaction": (-0.019777682625, -0.014033956857, -0.041979249706, -0.036235523938),
}
"""JOBS II (n 899) as in R's mediation 4.5.1, in closed form; its vignette prints simulated ones within 0.005."""

FRAMING = {
    "acme": (0.084117958851, 0.085148709938),
    "ade": (0.011562223859, 0.012592974947),
    "total": 0.096710933797,
    "acme_interaction": (0.077688556488, 0.101365711676),
    "ade_interaction": (-0.007752609393, 0.015924545795),
}
"""Framing experiment (n 265), probit, the normal mediator integrated out: R 4.2.2, glm with epsilon 1e-15, since
scoring of a probit ends at 1e-7 with that of its default. mediation 4.5.1 prints, from 100 draws, .079 and .080 (ACME),
.021 and .022 (ADE), .101 (total)."""


def trial() -> pd.DataFrame:
    """Return the made-up trial."""
    rows = [(z, d, y) for (z, d), values in OUTCOMES.items() for y in values]
    frame = pd.DataFrame(rows, columns=["z", "got", "y"])
    return frame.assign(arm=frame["z"].map({0: "usual", 1: "exercise"}), participant_id=range(len(frame)))


def with_covariate() -> pd.DataFrame:
    """Return the rows that the R script makes by formula."""
    i = np.arange(1, 81)
    z, age = (i % 2 == 0).astype(float), 50.0 + (i * 7) % 23
    d = (((z == 1) & ((i * 3) % 10 < 7)) | ((z == 0) & ((i * 3) % 10 == 1))).astype(float)
    dose = np.where(d == 1, 3.0 + (i * 7) % 11, 0.0)
    y = 20 + 4 * d + 0.3 * age + 5 * np.sin(i * 1.7) + 0.4 * dose + 2 * np.cos(i)
    return pd.DataFrame({"z": z, "age": age, "d": d, "dose": dose, "y": y})
