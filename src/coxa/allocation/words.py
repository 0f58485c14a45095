"""A scheme in words, as a protocol or a report would say it."""

from __future__ import annotations

from coxa.allocation.schemes import Cluster, Minimisation, PermutedBlocks, Scheme, Simple, Stratified, ratio_of


def in_words(scheme: Scheme) -> str:
    """Return a scheme in one sentence.

    Examples
    --------
    >>> in_words(PermutedBlocks({"usual_care": 1, "exercise": 1}, (4, 6)))
    'permuted blocks of random size 4 or 6; usual_care to exercise 1:1'
    """
    arms = ratio_of(scheme)
    return f"{_how(scheme)}; {' to '.join(arms)} {':'.join(map(str, arms.values()))}"


def _how(scheme: Scheme) -> str:
    if isinstance(scheme, Cluster):
        return f"by {scheme.unit}: {_how(scheme.scheme)}"
    if isinstance(scheme, Simple):
        return "simple randomisation"
    if isinstance(scheme, PermutedBlocks):
        sizes = [str(size) for size in scheme.sizes]
        return f"permuted blocks of {'random ' if len(sizes) > 1 else ''}size {_or(sizes)}"
    if isinstance(scheme, Stratified):
        return f"{_how(scheme.within)}, stratified by {_and(list(scheme.factors))}"
    return _minimisation(scheme)


def _minimisation(scheme: Minimisation) -> str:
    weighted = {name: scheme.weights.get(name, 1.0) for name in scheme.factors}
    alike = len(set(weighted.values())) == 1
    named = [name if alike else f"{name} (weight {weight:g})" for name, weight in weighted.items()]
    return (
        f"minimisation over {_and(named)} by the {scheme.measure} of the counts, probability "
        f"{scheme.probability:g} for the favoured arm"
    )


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
