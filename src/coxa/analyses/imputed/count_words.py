"""What an analysis with imputed events assumes of the time not seen, in words."""

from __future__ import annotations

from coxa.analyses.imputed.assumed import ENDED
from coxa.analyses.imputed.counts import words_used
from coxa.analyses.methods.method import options_of
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputed_counts import CountAssumption, ImputedCounts

TITLES = {"mar": "missing at random", "j2r": "jump to reference", "cr": "copy reference"}
"""Word of a strategy -> as in a sentence."""

ASSUMES = {
    "mar": "Participants go on at the rate of their own {arm}, given how many events they had.",
    "j2r": "Participants go on at the rate of {reference} from then on, given how many events they had.",
    "cr": "Participants go on as if they had been in {reference} all along, given how many events they had.",
}
KEPT = (
    "Participants go on at a rate that keeps {share:.0%} of the difference between their own {arm} and {reference}, "
    "given how many events they had."
)


def title_of(assumed: CountAssumption) -> str:
    """Return the strategies, as in a sentence.

    Examples
    --------
    >>> title_of(CountAssumption(strategy="j2r"))
    'jump to reference'
    >>> title_of(CountAssumption(strategy="j2r", keeps=0.5))
    'half-way between own rate and reference'
    """
    return join_words(list(dict.fromkeys(_title(assumed, word) for word in words_used(assumed).values())))


def _title(assumed: CountAssumption, word: str) -> str:
    if word != "j2r" or not assumed.keeps:
        return TITLES[word]
    if assumed.keeps == 0.5:
        return "half-way between own rate and reference"
    return f"{assumed.keeps:.0%} of the difference to reference kept"


def assumes(planned: PlannedAnalysis, assumed: CountAssumption, kind: str | None = None) -> str:
    """Return what is assumed after one kind of event; of all kinds, with the factors, unless one is given."""
    kinds = words_used(assumed)
    if kind is None:
        said = [
            (f"{when(planned, each, alone=False)}: " if len(kinds) > 1 else "") + assumes(planned, assumed, each)
            for each in kinds
        ]
        return " ".join(said) + factor_words(planned, assumed)
    study, word = planned.study, kinds[kind]
    own = {**dict.fromkeys(study.arms, planned.against), **options_of(planned, ImputedCounts).references}
    labels = list(dict.fromkeys(study.label("arms", own[arm]) for arm in planned.compare))
    text = KEPT if word == "j2r" and assumed.keeps else ASSUMES[word]
    return text.format(arm=study.words.arm, reference=join_words(labels), share=assumed.keeps)


def when(planned: PlannedAnalysis, kind: str, *, alone: bool) -> str:
    """Return after what a strategy holds, as the beginning of a sentence."""
    if kind != ENDED:
        return f"After {planned.study.label('intercurrent_events', kind).lower()}"
    return "Where the observation of a participant ends" + ("" if alone else " in all other cases")


def factor_words(planned: PlannedAnalysis, assumed: CountAssumption) -> str:
    """Return what rates after leaving are multiplied by, as a sentence after a blank; empty without a factor."""
    label = planned.study.label
    said = [f"{factor:g} in {label('arms', arm)}" for arm, factor in assumed.multiply.items()]
    return f" Rates of the time not seen are multiplied by {join_words(said)}." if said else ""
