"""Missing outcomes imputed under a strategy, and an analysis of covariance of all participants at each visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from coxa.analyses.comparisons import asked
from coxa.analyses.methods.means import of_means
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.mmrm import likelihood, likelihood_words
from coxa.analyses.model_rows import check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates, margin_test
from coxa.impute import ConditionalMean, Delta, Strategy, carry_from, conditional_mean, strategy_named
from coxa.models import Fit, fit_mmrm
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation
from coxa.study.wording import join_words, model_formula

EVENT = "event before the visit"
"""Column of the kind of event that is before a visit: an intercurrent event, or that outcomes end."""

ENDED = "outcomes end"
"""The kind of event of a participant without outcomes from a visit on, for any reason."""

ERRORS = {
    "rubin": "Standard errors are those of multiple imputation with infinitely many imputations{rubin}, which count "
    "an imputed outcome as missing, also where it is imputed from another arm, with Barnard and Rubin's degrees of "
    "freedom{barnard}.",
    "jackknife": "Standard errors are by the jackknife over participants{conditional}, each time with the imputation "
    "model fitted again; limits are normal.",
    "gradient": "Standard errors are by the delta method from the influence of each participant, through the "
    "coefficients and the covariance of the imputation model; limits are normal.",
    "bootstrap": "Standard errors are by a bootstrap of participants within {arms} ({replicates:,} samples), each time "
    "with the imputation model fitted again; limits are normal.",
}


CITED: Mapping[str, tuple[str, ...]] = {"rubin": ("rubin", "barnard-rubin")}
"""Standard error -> words of the bibliography; none where it is not here."""


class ImputationMethod(Method):
    """One model of the outcomes over the visits, from which missing ones are imputed."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the imputation model: a mixed model for repeated measures, also where there is one visit."""
        analysis, rows = options_of(planned, Imputation), rows_of_model(planned, dataset)
        check_cells(planned, rows)
        visits = list(rows["visit"].cat.categories)
        yield fit_mmrm(
            model_formula(planned.study, planned.name, subgroup, visits),
            rows,
            covariance=analysis.covariance if len(visits) > 1 else ("us",),
            group="arm" if analysis.by_arm else None,
            reml=analysis.reml,
        )

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield means and differences of the completed outcomes at each visit, and tests of a margin."""
        analysis = options_of(planned, Imputation)
        for fit in fits:
            found = imputed_means(planned, of_means(fit), dataset)
            yield found.means(conf_level=analysis.conf_level)
            every = found.differences(against=planned.against, conf_level=analysis.conf_level).frame
            differences = every[every["arm"].isin(planned.compare)].reset_index(drop=True)
            yield Estimates(differences)
            if analysis.margin is not None:
                chosen = differences[asked(differences, planned)].reset_index(drop=True)
                margin = analysis.margin
                yield margin_test(
                    Estimates(chosen),
                    margin.value,
                    type=margin.type,
                    higher_is_better=planned.higher_is_better,
                    alpha=margin.alpha,
                )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        analysis = options_of(planned, Imputation)
        titles = join_words(list(dict.fromkeys(one.title for one in used(planned).values())))
        cites = dict.fromkeys(word for one in used(planned).values() for word in one.cites)
        return Words(
            title=f"Analysis of covariance at each visit, missing outcomes imputed ({titles})",
            means="Estimated mean",
            missing=f"Missing outcomes: imputed at their expectation ({titles}).{delta_words(planned)}",
            whole=True,
            cites=(
                "conditional_mean",
                "mmrm",
                likelihood(reml=analysis.reml),
                *cites,
                "ancova",
                *CITED.get(analysis.standard_error, ()),
            ),
            ddf=None,
            completed=True,
        )

    def assumption(self, planned: PlannedAnalysis) -> str:
        """Return the assumption of each strategy, and the delta."""
        strategies = used(planned)
        if len(strategies) == 1:
            return assumes(planned, strategies[ENDED]) + delta_words(planned)
        label = planned.study.label
        named = {kind: "Otherwise" if kind == ENDED else label("intercurrent_events", kind) for kind in strategies}
        said = [f"{named[kind]}: {assumes(planned, strategy)}" for kind, strategy in strategies.items()]
        return " ".join(said) + delta_words(planned)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the imputation model, what is assumed of missing outcomes, the analysis, and its standard errors."""
        planned, cite = telling.planned, telling.cite
        analysis, words = options_of(planned, Imputation), telling.planned.study.words
        for formula in telling.formulas():
            yield (
                f"Missing values of {planned.variable} were imputed at their expectation given the outcomes that were "
                f"observed{cite('conditional_mean')}, from a mixed model for repeated measures{cite('mmrm')} that was "
                f"fitted by {likelihood_words(telling, reml=analysis.reml)}. Fixed effects: {telling.terms(formula)}."
            )
        for kind, strategy in used(planned).items():
            cited = cite(*strategy.cites) if strategy.cites else ""
            yield f"{when(planned, kind)}: {strategy.title}{cited}. {assumes(planned, strategy)}"
        if said := delta_words(planned).strip():
            yield said
        yield (
            f"The completed outcomes of all participants were compared at each visit by an analysis of covariance"
            f"{cite('ancova')} with the same covariates."
        )
        yield ERRORS[analysis.standard_error].format(
            rubin=cite("rubin"),
            barnard=cite("barnard-rubin"),
            conditional=cite("conditional_mean"),
            arms=words.arms,
            replicates=analysis.replicates,
        )


def used(planned: PlannedAnalysis) -> Mapping[str, Strategy]:
    """Return kind of event -> strategy: of the intercurrent events that have one of their own, and of all others."""
    analysis = options_of(planned, Imputation)
    words = {**analysis.strategies, ENDED: analysis.strategy}
    return {kind: strategy_of(planned, word) for kind, word in words.items()}


def strategy_of(planned: PlannedAnalysis, word: str) -> Strategy:
    """Return a strategy; changes from baseline are zero before the first visit."""
    change = planned.response in ("change", "percent_change")
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
    own = reference_of(planned)
    labels = [planned.study.label("arms", own[arm]) for arm in planned.compare]
    return strategy.assumes.format(reference=join_words(list(dict.fromkeys(labels))))


def delta_words(planned: PlannedAnalysis) -> str:
    """Return what is added to imputed outcomes, as a sentence after a blank; empty without a delta."""
    deltas = options_of(planned, Imputation).deltas
    label = planned.study.label
    said = [f"{value:+g} {planned.unit} is added in {label('arms', arm)}" for arm, value in deltas.add.items()]
    said += [f"imputed values of {label('arms', arm)} count {value:g} times" for arm, value in deltas.multiply.items()]
    if not said:
        return ""
    shares = [f"{share:g} of it at {label('visits', visit)}" for visit, share in deltas.visits.items()]
    if deltas.since_event:
        steps = ", ".join(f"{share:g}" for share in deltas.since_event)
        shares.append(f"in shares of {steps} from the first visit after the event on")
    only = "after an event" if deltas.of == "after_event" else ""
    rest = ", ".join(part for part in (only, *shares) if part)
    return f" To what is imputed a delta is given: {join_words(said)}{f' ({rest})' if rest else ''}."


def imputed_means(planned: PlannedAnalysis, fit: Fit, dataset: AnalysisRows) -> ConditionalMean:
    """Return the estimates of an analysis from its imputation model.

    Participants without a value of a covariate are left out, and a warning says how many.

    Raises
    ------
    FitError
        No participant has all covariates, or the model cannot be fitted without one of them.
    """
    analysis = options_of(planned, Imputation)
    rows, without = complete_rows(fit, with_events(planned, dataset))
    deltas = analysis.deltas
    here = [visit for visit in fit.sample.visits if visit in deltas.visits]
    found = conditional_mean(
        fit,
        rows,
        reference=reference_of(planned),
        strategy=used(planned),
        event=EVENT,
        averaging=analysis.averaging,
        delta=Delta(
            shift=deltas.add,
            factor=deltas.multiply,
            visits={visit: deltas.visits[visit] for visit in here},
            since_event=deltas.since_event,
            of=deltas.of,
        ),
        standard_error=analysis.standard_error,
        replicates=analysis.replicates,
        seed=analysis.seed,
    )
    return found if not without else found.warned(without)


def with_events(planned: PlannedAnalysis, dataset: AnalysisRows) -> pd.DataFrame:
    """Return the rows at the visits of the model, with the kind of event that is before each.

    An intercurrent event that sets outcomes to missing is one by its name; outcomes that end without one are another.
    """
    fitted = rows_of_model(planned, dataset)["visit"].cat.categories
    frame = dataset.frame[dataset.frame["visit"].isin(fitted)].sort_values(["participant_id", "visit"])
    gone = frame[dataset.response].isna()
    seen_later = (~gone).iloc[::-1].groupby(frame["participant_id"].iloc[::-1]).cummax().iloc[::-1]
    kind = np.where(seen_later, "", ENDED).astype(object)
    if "handled" in frame:
        named = options_of(planned, Imputation).strategies
        strategy = frame["handled"].fillna("").astype(str).str.partition(": ")
        acts = (strategy[0] == "hypothetical") & gone
        kind = np.where(acts, strategy[2].where(strategy[2].isin(list(named)), ENDED), kind)
    return frame.assign(**{EVENT: kind}, visit=frame["visit"].cat.remove_unused_categories())


def complete_rows(fit: Fit, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows of participants who have all covariates of the model, and how many have not."""
    names = [name for name in fit.design.formula.variables if name != fit.sample.visit_column]
    whole = rows[names].notna().all(axis=1).groupby(rows["participant_id"]).transform("all")
    left = rows.loc[~whole, "participant_id"].nunique()
    if not whole.any():
        raise FitError("no participant has all covariates of the model", ["Take a covariate out of `adjust`."])
    verb = "participant without a covariate of the model is" if left == 1 else (
        "participants without a covariate of the model are")  # fmt: skip
    return rows[whole], f"{left} {verb} left out" if left else ""


METHOD = ImputationMethod()
