"""What a plan assumes of missing outcomes: strategies, reference arms and deltas, and how they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coxa.analyses.methods.method import options_of
from coxa.analyses.methods.responder_mmrm import modelled as of_responders
from coxa.impute import Delta, Strategy, carry_from, strategy_named
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Branch, Deltas, Imputation

EVENT = "event before the visit"
"""Column of the kind of event that is before a visit: an intercurrent event, or that outcomes end."""

ENDED = "outcomes end"
"""The kind of event of a participant without outcomes from a visit on, for any reason."""


RETRIEVED = (
    "Missing outcomes follow those of the participant's own {arm}, after an intercurrent event those that were "
    "retrieved after the event, given the outcomes observed before."
)
"""What a model of retrieved outcomes assumes."""


def used(planned: PlannedAnalysis, branch: Branch | None = None) -> Mapping[str, Strategy]:
    """Return kind of event -> strategy, of an analysis or of a branch of its tree.

    These are the intercurrent events that have a strategy of their own, and all others.
    """
    chosen = options_of(planned, Imputation) if branch is None else branch
    words = {**chosen.strategies, ENDED: chosen.strategy}
    return {kind: strategy_of(planned, word) for kind, word in words.items()}


def modelled(planned: PlannedAnalysis) -> str:
    """Return the column that is imputed: of responders the value where one is to be reached, else the change."""
    return of_responders(planned) if planned.response == "responder" else planned.response


def strategy_of(planned: PlannedAnalysis, word: str) -> Strategy:
    """Return a strategy; changes from baseline are zero before the first visit."""
    change = modelled(planned) in ("change", "percent_change")
    return carry_from(0.0) if word == "lmcf" and change else strategy_named(word)


def when(planned: PlannedAnalysis, kind: str) -> str:
    """Return after what a strategy holds, as the beginning of a sentence."""
    if kind != ENDED:
        return f"After {planned.study.label('intercurrent_events', kind).lower()}"
    others = " in all other cases" if options_of(planned, Imputation).strategies else ""
    return f"Where the outcomes of a participant end{others}"


def reference_of(planned: PlannedAnalysis) -> dict[str, str]:
    """Return arm -> its reference arm."""
    return {**dict.fromkeys(planned.study.arms, planned.against), **options_of(planned, Imputation).references}


def assumes(planned: PlannedAnalysis, strategy: Strategy) -> str:
    """Return the assumption of a strategy with the names of the plan."""
    if options_of(planned, Imputation).retrieved != "no":
        return RETRIEVED.format(arm=planned.study.words.arm)
    own = reference_of(planned)
    labels = [planned.study.label("arms", own[arm]) for arm in planned.compare]
    return strategy.assumes.format(reference=join_words(list(dict.fromkeys(labels))))


def delta_words(planned: PlannedAnalysis, deltas: Deltas | None = None) -> str:
    """Return what is added to imputed outcomes, as a sentence after a blank; empty without a delta."""
    deltas = options_of(planned, Imputation).deltas if deltas is None else deltas
    label = planned.study.label
    unit = planned.scale.unit if planned.response == "responder" else planned.unit
    said = [f"{value:+g} {unit} in {label('arms', arm)}" for arm, value in deltas.add.items()]
    added = f"added to imputed outcomes: {join_words(said)}" if said else ""
    said = [f"{value:g} in {label('arms', arm)}" for arm, value in deltas.multiply.items()]
    times = f"imputed outcomes multiplied by {join_words(said)}" if said else ""
    said = [part for part in (added, times) if part]
    if not said:
        return ""
    shares = [f"{share:g} of it at {label('visits', visit)}" for visit, share in deltas.visits.items()]
    if deltas.since_event:
        steps = ", ".join(f"{share:g}" for share in deltas.since_event)
        shares.append(f"in shares of {steps} from the first visit after the event on")
    only = "after an event" if deltas.of == "after_event" else ""
    rest = ", ".join(part for part in (only, *shares) if part)
    words = "; ".join(said)
    return f" {words[:1].upper()}{words[1:]}{f' ({rest})' if rest else ''}."


def delta_of(deltas: Deltas, visits: Sequence[str]) -> Delta:
    """Return the delta of a plan at the visits of a model."""
    here = [visit for visit in visits if visit in deltas.visits]
    return Delta(
        shift=deltas.add,
        factor=deltas.multiply,
        visits={visit: deltas.visits[visit] for visit in here},
        since_event=deltas.since_event,
        of=deltas.of,
    )
