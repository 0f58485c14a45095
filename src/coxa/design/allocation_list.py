"""An allocation list: who goes to which arm, how it was drawn, and a hash by which it can be recognised."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from coxa.allocation.schemes import Scheme, factors_of, in_words, ratio_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """What the random numbers came from, enough to draw them again.

    seed      : whole number, not negative; whoever knows it and the scheme knows the list
    generator : how random numbers follow from it
    versions  : package -> version
    """

    seed: int = field(repr=False)
    generator: str = "PCG64, seeded by the seed and the SHA-256 of each draw's name"
    versions: Mapping[str, str] = field(default_factory=lambda: {"numpy": np.__version__})


@dataclass(frozen=True, slots=True)
class AllocationList:
    """A randomisation list.

    frame  : one row per allocation, in order. `sequence` from 1; with strata the factors and `number` within the
             stratum; for given units their name; with blocks `block`; with an unequal minimisation `slot`; `arm`
    scheme : how it was drawn
    seed   : from what

    Examples
    --------
    >>> from coxa.design import PermutedBlocks, randomise
    >>> allocation = randomise(PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(4,)), 8, seed=7)
    >>> allocation.words
    'permuted blocks of size 4; usual_care to exercise 1:1'
    >>> allocation.counts().to_dict("records")
    [{'factor': '', 'level': 'all', 'usual_care': 4, 'exercise': 4, 'total': 8}]
    """

    frame: pd.DataFrame = field(repr=False)
    scheme: Scheme
    seed: SeedRecord

    @property
    def words(self) -> str:
        """The scheme in one sentence."""
        return in_words(self.scheme)

    @property
    def sha256(self) -> str:
        """SHA-256 of the list as CSV (UTF-8, line feeds); keep it secret: that of a short list can be guessed."""
        return hashlib.sha256(csv_text(self.frame).encode("utf-8")).hexdigest()

    def counts(self) -> pd.DataFrame:
        """Return allocations per arm: of the whole list, of each level, and of each combination of levels.

        Columns: factor (empty for the whole list), level, one per arm, total.
        """
        import pandas as pd

        factors = factors_of(self.scheme)
        arms = list(self.arms)
        keys = [("", pd.Series("all", index=self.frame.index), ["all"])]
        keys += [(name, self.frame[name].astype("str"), list(levels)) for name, levels in factors.items()]
        if len(factors) > 1:
            joined = self.frame[list(factors)].astype("str").agg(", ".join, axis=1)
            keys.append((" x ".join(factors), joined, [", ".join(words) for words in product(*factors.values())]))
        rows = []
        for name, level, order in keys:
            there = [word for word in order if level.eq(word).any()]
            table = pd.crosstab(level, self.frame["arm"]).reindex(index=there, columns=arms, fill_value=0)
            rows.append(table.rename_axis("level").reset_index().assign(factor=name))
        counts = pd.concat(rows, ignore_index=True)[["factor", "level", *arms]]
        return counts.assign(total=counts[arms].sum(axis=1))

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, in the order of the ratio."""
        return tuple(ratio_of(self.scheme))


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table of whole numbers and words as CSV.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"sequence": [1], "arm": ["exercise"]})).splitlines()
    ['sequence,arm', '1,exercise']
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(frame.astype("object").where(frame.notna(), "").to_numpy().tolist())
    return out.getvalue()
