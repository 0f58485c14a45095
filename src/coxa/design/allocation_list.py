"""An allocation list: drawn, who goes to which arm, how it was drawn, and a hash by which it can be recognised."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from coxa.allocation.draw import draw, slot_names, stratum_codes
from coxa.allocation.schemes import Minimisation, Scheme, blocks_of, factors_of, in_words, inner, ratio_of, unit_of
from coxa.arguments import FRAME, WHOLE, Kind, kinds
from coxa.design.units import check_number, check_strata, given_slots, level_codes, strata
from coxa.errors import OptionError
from coxa.simulate.seeds import generator

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


SCHEME = Kind(
    get_args(Scheme),
    "a scheme, such as `PermutedBlocks`",
    "Take that of a plan by `coxa.design.planned_scheme(study)`.",
)


@kinds(scheme=SCHEME, n=WHOLE, seed=WHOLE, participants=FRAME)
def randomise(
    scheme: Scheme, n: int | None = None, *, seed: int, participants: pd.DataFrame | None = None
) -> AllocationList:
    """Draw an allocation list, in advance or for given units.

    Parameters
    ----------
    scheme
        `Simple`, `PermutedBlocks`, `Stratified`, `BiasedCoin`, `Minimisation`, or one of them in a `Cluster`.
    n
        Entries of a list made in advance. With strata every stratum has a list of its own of that length; with
        blocks the last block is completed, so that a list can be a little longer.
    seed
        Not negative. The same scheme and seed give the same list; a longer list begins with the shorter one.
    participants
        Units in the order of their allocation instead of `n`, one row each: `participant_id` or the column of the
        cluster, and the scheme's factors. Needed by a minimisation, whose rows may begin with units that already
        have their `arm` (with an unequal ratio also their `slot`). Not changed.

    Returns
    -------
    AllocationList

    Raises
    ------
    OptionError
        Neither or both of `n` and `participants`, n too small for the ratio, a negative seed.
    DataError
        Faults of the table, each with its row; a stratum of permuted blocks with one unit.

    Notes
    -----
    Draw k of a stratum has a generator of its own, named after both. So a list made in advance, used entry by entry,
    is the list of the same participants drawn at once.

    Examples
    --------
    >>> from coxa.design import PermutedBlocks, randomise
    >>> allocation = randomise(PermutedBlocks({"usual_care": 1, "exercise": 1}, sizes=(4,)), 8, seed=7)
    >>> allocation.frame.groupby("block")["arm"].value_counts().unique().tolist()
    [2]
    """
    import pandas as pd

    if seed < 0:
        raise OptionError(f"`seed` is {seed}. Give a whole number of 0 or more.")
    if (n is None) == (participants is None):
        raise OptionError(
            "Exactly one of `n` and `participants` is needed. Give `n` for a list made in advance, or "
            "`participants` to allocate these."
        )
    if participants is not None:
        frame = _of_units(scheme, participants, seed)
    else:
        assert n is not None
        if isinstance(inner(scheme), Minimisation):
            raise OptionError(
                "A minimisation uses the factors of each participant and has no list in advance. Give `participants`."
            )
        check_number(scheme, n)
        frames = [_in_advance(scheme, stratum, n, seed) for stratum in strata(factors_of(scheme))]
        frame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "sequence", np.arange(1, len(frame) + 1))
    return AllocationList(frame, scheme, SeedRecord(seed))


@kinds(history=FRAME)
def next_allocation(
    scheme: Scheme, history: pd.DataFrame, participant: Mapping[str, Any], *, seed: int
) -> AllocationList:
    """Allocate one more unit of a minimisation, given those before.

    Parameters
    ----------
    scheme
        A `Minimisation`, or one of clusters.
    history
        Units allocated before, in order, with their `arm` (unequal ratio: `slot`); the frame of the last call.
    participant
        Name and factors of the next unit.
    seed
        That of the trial.

    Returns
    -------
    AllocationList
        Of all units; the last row is the new one. What was given before is not changed.

    Raises
    ------
    OptionError, DataError
        As `randomise`.

    Examples
    --------
    >>> import pandas as pd
    >>> scheme = Minimisation({"a": 1, "b": 1}, {"sex": ("female", "male")}, probability=1)
    >>> before = pd.DataFrame({"participant_id": ["1"], "sex": ["male"], "arm": ["b"]})
    >>> next_allocation(scheme, before, {"participant_id": "2", "sex": "male"}, seed=1).frame["arm"].iloc[-1]
    'a'
    """
    import pandas as pd

    columns = [name for name in (unit_of(scheme), *factors_of(scheme), "slot", "arm") if name in history]
    units = pd.concat([history[columns].astype("object"), pd.DataFrame([dict(participant)])], ignore_index=True)
    return randomise(scheme, seed=seed, participants=units)


def _of_units(scheme: Scheme, units: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the list of given units, without its sequence numbers."""
    codes = level_codes(scheme, units)
    check_strata(scheme, codes)
    names = slot_names(scheme)
    given = given_slots(scheme, units, names)
    sequential = isinstance(inner(scheme), Minimisation)
    listed = strata(factors_of(scheme))
    stratum = stratum_codes(scheme, codes[None])[0]
    uniforms, seen = np.empty((len(units), 2)), dict.fromkeys(range(len(listed)), 0)
    for i, s in enumerate(stratum.tolist()):
        seen[s] += 1
        uniforms[i] = _uniforms((), i + 1, seed) if sequential else _uniforms(listed[s], seen[s], seed)
    drawn = draw(scheme, codes[None], uniforms[None], given)
    frame = units[[unit_of(scheme), *factors_of(scheme)]].reset_index(drop=True)
    if blocks_of(scheme):
        frame["block"] = drawn.block[0]
    if sequential and set(ratio_of(scheme).values()) != {1}:
        frame["slot"] = [names[k] for k in drawn.slots[0]]
    arms = list(ratio_of(scheme))
    return frame.assign(arm=[arms[k] for k in drawn.arms[0]])


def _in_advance(scheme: Scheme, stratum: tuple[str, ...], n: int, seed: int) -> pd.DataFrame:
    """Return the list of one stratum, with its last block complete."""
    import pandas as pd

    blocks = blocks_of(scheme)
    length = n + max(blocks.sizes) if blocks else n
    uniforms = np.array([_uniforms(stratum, k, seed) for k in range(1, length + 1)])
    factors = factors_of(scheme)
    codes = [levels.index(level) for levels, level in zip(factors.values(), stratum, strict=True)]
    drawn = draw(scheme, np.broadcast_to(np.array(codes, dtype=np.intp), (1, length, len(codes))), uniforms[None])
    block = drawn.block[0]
    used = int((block <= block[n - 1]).sum())
    frame = pd.DataFrame({name: [level] * used for name, level in zip(factors, stratum, strict=True)})
    if stratum:
        frame["number"] = np.arange(1, used + 1)
    if blocks:
        frame["block"] = block[:used]
    arms = list(ratio_of(scheme))
    return frame.assign(arm=[arms[k] for k in drawn.arms[0, :used]])


def _uniforms(stratum: tuple[str, ...], k: int, seed: int) -> np.ndarray:
    """Return the two random numbers of the k-th draw of a stratum."""
    return generator(f"allocation {k} of {' | '.join(stratum) or 'all'}", seed).random(2)
