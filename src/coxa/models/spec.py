"""The options of a model as one frozen record, checked once: what a fit was asked for, and the call that gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_args

from coxa.errors import OptionError, check_kind, check_option
from coxa.models import covariance as known
from coxa.models.covariance.structure import Structure
from coxa.models.design.formula import split_random
from coxa.models.options import (
    COVARIANCE_METHODS,
    INDEPENDENT,
    check_ddf,
    check_random_options,
    check_times,
    covariance_of_residuals,
    flag,
    ladder_of,
    mapping_of,
    sequence_of,
    whole,
    written,
)

COLUMNS = (
    "participant",
    "visit",
    "group",
    "weights",
    "time",
    "response",
    "baseline",
    "arm",
    "exposure",
    "cluster",
    "order",
)
"""Options that name a column."""

ANCOVA_VCOV = ("model", "HC3")

GLMM_FAMILIES = ("binomial", "poisson", "negative_binomial")

GLMM_DDF = ("normal", "between-within")

MOST_NODES = 100
"""Nodes of a quadrature; more add nothing but rounding."""

Engine = Literal["coxa", "statsmodels"]
ENGINES: tuple[str, ...] = get_args(Engine)

NESTED = "{'therapist': 'arm'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What the options of all models have in common.

    `function` is the name of the one that is called, and `explicit` are the options that its call always has, since
    their defaults depend on the data or might change; `of_random_effects` says whether the model has random effects by
    its kind, and the covariance of a residual beside them. `data` is what the call is given: the rows, held in `data`,
    or an expression that makes them of these.
    """

    function: ClassVar[str]
    explicit: ClassVar[tuple[str, ...]] = ()
    of_random_effects: ClassVar[bool] = False
    title: ClassVar[str] = ""

    data: str = "data"

    def options(self) -> dict[str, Any]:
        """Return the options that the call has: those that are not at their default, and those that are explicit."""
        given = {each.name: (getattr(self, each.name), each.default) for each in fields(self) if each.name != "data"}
        return {name: value for name, (value, default) in given.items() if name in self.explicit or value != default}

    def call(self) -> str:
        """Return the call that fits the model again to the same rows, held in `data`."""
        options = self.options()
        first = [repr(options.pop("formula")), self.data] if "formula" in options else [self.data]
        said = [f"{name}={written(value)}" for name, value in options.items() if value is not None]
        return f"{self.function}({', '.join([*first, *said])})"

    def _check_columns(self) -> None:
        for name in COLUMNS:
            value = getattr(self, name, None)
            if value is not None:
                check_kind(name, value, str, "the name of a column")

    def _keep(self, **values: Any) -> None:
        """Keep options in the form in which they are compared and written."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class MMRMSpec(Spec):
    """The options of `coxa.models.fit_mmrm`, which describes them.

    In the record of a fit `covariance` is the whole ladder, in coxa's short names, and `ddf` the method that was used.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed, or does not go with another.

    Examples
    --------
    >>> MMRMSpec(formula="y ~ visit", covariance=["UN", "cs"], weights="w").call()
    "fit_mmrm('y ~ visit', data, covariance=['us', 'cs'], weights='w', reml=True, ddf='satterthwaite', vcov='model')"
    """

    function: ClassVar[str] = "fit_mmrm"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "covariance", "reml", "ddf", "vcov")

    formula: str
    participant: str = "participant_id"
    visit: str = "visit"
    covariance: str | Sequence[str] = ("us",)
    group: str | None = None
    weights: str | None = None
    time: str | None = None
    reml: bool = True
    ddf: str | None = None
    vcov: str = "model"
    visits: Sequence[Any] | None = None
    levels: Mapping[str, Sequence[Any]] | None = None
    partially_nested: Mapping[str, str] | None = None
    information: str | None = None

    def __post_init__(self) -> None:
        has_random = bool(split_random(self.formula)[1])
        self._check_columns()
        self._keep(reml=flag("reml", self.reml))
        self._keep(
            covariance=ladder_of(self.covariance),
            visits=sequence_of("visits", self.visits),
            levels=mapping_of("levels", self.levels, "{'arm': ['a', 'b']}"),
            partially_nested=mapping_of("partially_nested", self.partially_nested, NESTED),
        )
        check_times(self.ladder, self.time)
        if has_random:
            self._check_random()
            return
        for name in ("partially_nested", "information"):
            if getattr(self, name) is not None:
                raise OptionError(
                    f"`{name}` is an option of random effects, and the formula has none. Leave it out, or add "
                    "one, such as (1 | therapist)."
                )
        self._keep(ddf=check_ddf(self.ddf or "satterthwaite", self.vcov, reml=self.reml))

    def _check_random(self) -> None:
        check_option("vcov", self.vcov, COVARIANCE_METHODS)
        if self.vcov != "model":
            raise OptionError(
                f"`vcov` is '{self.vcov}', a sandwich over participants, who are not independent with "
                f"{' and '.join(split_random(self.formula)[1])} in the formula. Use vcov='model'."
            )
        check_random_options(self.ddf, self.information, reml=self.reml)

    def options(self) -> dict[str, Any]:
        """Return the options of the call; a ladder of one structure is a word."""
        own = Spec.options(self)
        if len(self.covariance) == 1:
            own["covariance"] = self.covariance[0]
        return own

    @property
    def ladder(self) -> tuple[Structure, ...]:
        """The covariance structures in the order in which they are tried."""
        return tuple(known.STRUCTURES[name] for name in self.covariance)

    @property
    def random(self) -> tuple[str, ...]:
        """The random effects of the formula as written."""
        return split_random(self.formula)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LMMSpec(Spec):
    """The options of `coxa.models.fit_lmm`, which describes them.

    In the record of a fit `ddf` and `information` are what was used.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed, or does not go with another.

    Examples
    --------
    >>> LMMSpec(formula="pain ~ week + (1 | participant_id)", covariance="AR(1)", time="week").call()
    "fit_lmm('pain ~ week + (1 | participant_id)', data, covariance='ar1', time='week', reml=True)"
    """

    function: ClassVar[str] = "fit_lmm"
    of_random_effects: ClassVar[bool] = True
    explicit: ClassVar[tuple[str, ...]] = ("formula", "covariance", "reml", "ddf", "information")

    formula: str
    participant: str | None = None
    visit: str = "visit"
    covariance: str = INDEPENDENT
    time: str | None = None
    weights: str | None = None
    partially_nested: Mapping[str, str] | None = None
    reml: bool = True
    ddf: str | None = None
    information: str | None = None
    engine: str = "coxa"

    def __post_init__(self) -> None:
        split_random(self.formula)
        self._check_columns()
        self._keep(reml=flag("reml", self.reml))
        check_option("engine", self.engine, ENGINES)
        structure = self.structure
        self._keep(
            covariance=INDEPENDENT if structure is None else structure.name,
            partially_nested=mapping_of("partially_nested", self.partially_nested, NESTED),
        )
        if self.time is not None and structure is None:
            raise OptionError(
                f"`time` is '{self.time}', which only correlated residuals use. Add covariance='sp_exp', or "
                "leave `time` out."
            )
        if structure is not None and structure.spatial and self.time is None:
            raise OptionError(
                f"Covariance '{structure.name}' needs the times of the rows. Name the column: time='study_day'."
            )
        if self.engine == "statsmodels":
            asked = {"covariance": structure is not None, "ddf": self.ddf, "information": self.information}
            for name, given in asked.items():
                if given:
                    raise OptionError(f"Engine 'statsmodels' has no {name}. Use engine='coxa'.")
        check_random_options(self.ddf, self.information, reml=self.reml)

    @property
    def structure(self) -> Structure | None:
        """The covariance structure of the residuals; None where they are independent."""
        return covariance_of_residuals(self.covariance)


@dataclass(frozen=True, slots=True, kw_only=True)
class ANCOVASpec(Spec):
    """The options of `coxa.models.fit_ancova`, which describes them.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed.

    Examples
    --------
    >>> ANCOVASpec(formula="change ~ baseline + arm", at_visit="week_12", vcov="HC3").call()
    "fit_ancova('change ~ baseline + arm', data, at_visit='week_12', vcov='HC3')"
    """

    function: ClassVar[str] = "fit_ancova"
    explicit: ClassVar[tuple[str, ...]] = ("formula",)

    formula: str
    participant: str = "participant_id"
    visit: str = "visit"
    at_visit: Any = None
    vcov: str = "model"

    def __post_init__(self) -> None:
        split_random(self.formula)
        for name in ("participant", "visit"):
            check_kind(name, getattr(self, name), str, "the name of a column")
        check_option("vcov", self.vcov, ANCOVA_VCOV)


@dataclass(frozen=True, slots=True, kw_only=True)
class GLMMSpec(Spec):
    """The options of `coxa.models.fit_glmm`, which describes them.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed.

    Examples
    --------
    >>> GLMMSpec(formula="better ~ arm + (1 | participant_id)", quadrature=1).call()
    "fit_glmm('better ~ arm + (1 | participant_id)', data, family='binomial', quadrature=1, ddf='normal')"
    """

    function: ClassVar[str] = "fit_glmm"
    of_random_effects: ClassVar[bool] = True
    explicit: ClassVar[tuple[str, ...]] = ("formula", "family", "quadrature", "ddf")

    formula: str
    family: str = "binomial"
    quadrature: int = 25
    exposure: str | None = None
    participant: str | None = None
    visit: str = "visit"
    ddf: str = "normal"

    def __post_init__(self) -> None:
        split_random(self.formula)
        self._check_columns()
        check_option("family", self.family, GLMM_FAMILIES)
        check_option("ddf", self.ddf, GLMM_DDF)
        self._keep(quadrature=whole("quadrature", self.quadrature, most=MOST_NODES))
        if self.exposure is not None:
            check_kind("exposure", self.exposure, str, "the name of a column")
            if self.family == "binomial":
                raise OptionError(
                    f"`exposure` is '{self.exposure}', which only counts have, not family='binomial'. Leave it out, "
                    "or choose poisson or negative_binomial."
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class CLDASpec(Spec):
    """The options of `coxa.models.fit_clda`, which describes them, with those of the model of its rows.

    Examples
    --------
    >>> model = MMRMSpec(formula="value ~ visit + b_at_week_6", covariance="cs")
    >>> CLDASpec(adjust=("site",), model=model).call()
    "fit_clda(data, adjust=['site'], covariance='cs', reml=True, ddf='satterthwaite', vcov='model')"
    """

    function: ClassVar[str] = "fit_clda"

    response: str = "value"
    baseline: str = "baseline"
    adjust: Sequence[str] = ()
    arm: str = "arm"
    participant: str = "participant_id"
    visit: str = "visit"
    visits: Sequence[Any] | None = None
    baseline_visit: str = "baseline"
    model: MMRMSpec

    def __post_init__(self) -> None:
        self._check_columns()
        self._keep(adjust=sequence_of("adjust", self.adjust), visits=sequence_of("visits", self.visits))

    def options(self) -> dict[str, Any]:
        """Return the options of the call: its own, and those of the model that its rows do not fix."""
        own = Spec.options(self)
        own.pop("model")
        fixed = ("formula", "participant", "visit", "visits")
        return own | {name: value for name, value in self.model.options().items() if name not in fixed}
