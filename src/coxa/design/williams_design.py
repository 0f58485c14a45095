"""Williams designs: sequences in which each treatment follows each other one equally often."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.errors import OptionError


def williams(treatments: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the sequences of a Williams design, as `periods: sequences:` of a plan has them.

    Parameters
    ----------
    treatments : sequence of str
        Names of two treatments or more, each once.

    Returns
    -------
    dict
        Name of a sequence (`sequence_1`) -> its treatments, one per period. As many sequences as treatments where
        their number is even, twice as many where it is odd. In each period each treatment occurs equally often, and
        each follows each other one equally often.

    Raises
    ------
    OptionError
        Fewer than two treatments, or one named twice.

    Notes
    -----
    Williams, Australian Journal of Scientific Research A 1949, 2:149-168. The first sequence is 0, 1, k-1, 2, k-2, ...;
    the others add 1, 2, ... modulo k; where k is odd each is also taken backwards.

    Examples
    --------
    >>> williams(["sham", "tape"])
    {'sequence_1': ('sham', 'tape'), 'sequence_2': ('tape', 'sham')}
    >>> len(williams(["a", "b", "c"])), len(williams(["a", "b", "c", "d"]))
    (6, 4)
    """
    names = list(treatments)
    if len(names) < 2 or len(set(names)) < len(names):
        raise OptionError(f"`treatments` is {names}. Name two treatments or more, each once.")
    k = len(names)
    first = [(step + 1) // 2 if step % 2 else (k - step // 2) % k for step in range(k)]
    rows = [[(place + shift) % k for place in first] for shift in range(k)]
    if k % 2:
        rows += [row[::-1] for row in rows]
    return {f"sequence_{n}": tuple(names[place] for place in row) for n, row in enumerate(rows, 1)}
