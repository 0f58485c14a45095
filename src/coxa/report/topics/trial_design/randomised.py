"""How participants were randomised, in words generated from the plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy
from coxa.study.randomisation import Randomisation, lowest_terms
from coxa.study.wording import factor_words

OF_AUTHORS = {
    "sequence_generation": ("who generated the sequence and how", "17a"),
    "concealment": ("how it was concealed", "18"),
    "implementation": ("who could see the allocation list", "19"),
}
"""Key of `protocol:` -> what only the authors know of the randomisation, and its item in CONSORT 2025."""

MEASURES = {
    "range": "the largest less the smallest count of the arms",
    "variance": "the variance of the counts of the arms",
}


def randomisation_methods(study: ComparativeStudy, cite: str = "") -> str:
    """Say how participants were randomised, and what the plan does not say of it.

    Parameters
    ----------
    study
        A plan with `randomisation`.
    cite
        Numbers of references, such as " [4]", behind what was randomised.

    Returns
    -------
    str
        CONSORT 2025 item 17b as the plan says it, and which of the items on randomisation it says nothing of.
    """
    return " ".join(filter(None, [randomisation_words(study, cite), not_said(study)]))


def randomisation_words(study: ComparativeStudy, cite: str = "") -> str:
    """Say what was randomised, to which arms in which ratio, by which scheme and with which restrictions."""
    part = study.allocation
    assert part is not None
    first, *others = _sentences(study, part)
    return " ".join((f"{first.removesuffix('.')}{cite}.", *others))


def not_said(study: ComparativeStudy) -> str:
    """Say which items on randomisation the plan does not answer; empty where it answers all."""
    open_items = [said for key, said in OF_AUTHORS.items() if getattr(study.protocol, key, None) is None]
    if not open_items:
        return ""
    what, items = zip(*open_items, strict=True)
    words = join_words(list(what))
    where = f"CONSORT 2025, item{'s' if len(items) > 1 else ''} {join_words(list(items))}"
    return f"The plan does not say {words} ({where})."


def _sentences(study: ComparativeStudy, part: Randomisation) -> Iterator[str]:
    shares = lowest_terms(part.shares(study.arms))
    arms = join_words([study.label("arms", arm) for arm in shares])
    ratio = ":".join(map(str, shares.values()))
    units = "Participants" if part.cluster is None else f"Clusters ({factor_words(study, part.cluster)})"
    others = "" if part.cluster is None else ", not participants,"
    yield f"{units}{others} were randomised to {arms} in the ratio {ratio}, as planned {_how(study, part)}."
    if part.scheme == "biased_coin":
        yield from _coin(part, unequal=set(shares.values()) != {1})
    if part.scheme == "minimisation":
        yield from _rule(part, unequal=set(shares.values()) != {1})


def _how(study: ComparativeStudy, part: Randomisation) -> str:
    """Return the type of randomisation and its restrictions."""
    if part.scheme == "simple":
        return "by simple randomisation without restriction"
    if part.scheme == "minimisation":
        return f"by minimisation over {_covariates(study, part)}"
    if part.scheme == "biased_coin":
        return f"by a biased coin within {_strata(study, part)}" if part.strata else "by a biased coin"
    sizes = [str(size) for size in part.block_sizes or ()]
    blocks = f"in permuted blocks of {sizes[0]}" if len(sizes) == 1 else (
        f"in permuted blocks of {join_words(sizes, 'or')}, the size of each drawn at random"
    )  # fmt: skip
    if not part.strata:
        return f"{blocks}, without stratification"
    by = _covariates(study, part)
    within = f"each {by}" if len(part.strata) == 1 else "each combination of their levels"
    return f"{blocks}, stratified by {by}, with separate blocks for {within}"


def _strata(study: ComparativeStudy, part: Randomisation) -> str:
    """Return "each site", or "each combination of site and sex"."""
    by = _covariates(study, part)
    return f"each {by}" if len(part.strata) == 1 else f"each combination of {by}"


def _coin(part: Randomisation, *, unequal: bool) -> Iterator[str]:
    """Say whom a biased coin favours, and how much is left to chance."""
    who = "participant" if part.cluster is None else "cluster"
    counted = f" among the {who}s of the stratum," if part.strata else " so far"
    if part.probability == 1:
        behind = f"furthest behind its share{counted.rstrip(',')}"
        yield f"Each {who} went to the arm that was {behind}, by chance where arms were level."
    else:
        yield (
            f"Each {who} went, with probability {part.probability:g}, to the arm that was furthest behind its share"
            f"{counted} and to another arm otherwise; where arms were level, chance decided."
        )
    if unequal:
        yield _slots(part)


def _covariates(study: ComparativeStudy, part: Randomisation) -> str:
    """Return the covariates that the scheme looks at, with their weights where these differ."""
    weights = {name: part.weights.get(name, 1.0) for name in part.covariates}
    alike = len(set(weights.values())) == 1
    words = {name: mid_sentence(study.label("covariates", name)) for name in weights}
    return join_words([words[name] if alike else f"{words[name]} (weight {weights[name]:g})" for name in weights])


def _rule(part: Randomisation, *, unequal: bool) -> Iterator[str]:
    """Say whom a minimisation favours, and how much is left to chance."""
    who = "participant" if part.cluster is None else "cluster"
    weighted = "weighted " if len({part.weights.get(name, 1.0) for name in part.factors}) > 1 else ""
    several = len(part.factors) > 1
    smallest = f"smallest {weighted}sum of imbalances" if several else "smallest imbalance"
    where = f"within the {who}'s {'levels of the factors' if several else 'level of the factor'}"
    measure = f"the imbalance of a level is {MEASURES[part.measure]}"
    if part.probability == 1:
        yield f"Each {who} went to the arm that left the {smallest} {where}, by chance where several did; {measure}."
    else:
        yield (
            f"Each {who} went, with probability {part.probability:g}, to the arm that left the {smallest} {where}, and "
            f"to another arm otherwise; {measure}."
        )
    if unequal:
        yield _slots(part)


def _slots(part: Randomisation) -> str:
    refers = "" if part.probability == 1 else ", to which the probability refers"
    return f"An arm with a larger share took part as several arms of share one{refers}."
