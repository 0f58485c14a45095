"""Random generators derived from names, so that adding a part does not move the draws of the others."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(part: str, seed: int) -> np.random.Generator:
    """Return the generator of one named part of a simulation.

    Parameters
    ----------
    part
        Name of the part, for example "items at week_12".
    seed
        Seed of the whole simulation, not negative.

    Returns
    -------
    numpy.random.Generator
        The same name and seed give the same draws, whatever else is drawn before or after.

    Examples
    --------
    >>> bool(generator("dropout", 1).random() == generator("dropout", 1).random())
    True
    >>> bool(generator("dropout", 1).random() == generator("gaps", 1).random())
    False
    """
    word = int.from_bytes(hashlib.sha256(part.encode("utf-8")).digest()[:8], "little")
    return np.random.default_rng(np.random.SeedSequence([seed, word]))
