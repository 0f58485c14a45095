"""Charts in layers, next to and below one another, composed without Altair's copies of every part."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

VIEW = {"continuousWidth": 300, "continuousHeight": 300}
"""Sizes of a view that names none, as Altair's default theme writes them."""


@dataclass(slots=True)
class Composed:
    """A chart of several charts: what Altair's `layer`, `hconcat`, `vconcat` and `concat` describe, to the letter.

    Altair copies all parts of a chart, with their data and encodings, several times for each chart that they are put
    into and again when it is described, which takes longer than drawing it.

    how     : the key of Vega-Lite that holds the parts
    parts   : charts of Altair, or composed ones
    options : of the whole, such as width and spacing
    config  : how it looks; only that of the outermost chart counts
    """

    how: Literal["layer", "hconcat", "vconcat", "concat"]
    parts: tuple[Any, ...]
    options: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Any:
        """The data that all parts have in common; None where they have none, or several."""
        first, *rest = (_data(part) for part in self.parts)
        return first if first is not None and all(other is first for other in rest) else None

    def to_dict(self, validate: bool = True) -> dict[str, Any]:
        """Return the chart in Vega-Lite; by default a chart that breaks its schema is refused."""
        import altair as alt

        datasets: dict[str, Any] = {}
        params: list[dict[str, Any]] = []
        written = _ordered({**self._written(datasets, params), **({"params": params} if params else {})}, self.how)
        look = {**self.config, "view": {**VIEW, **self.config.get("view", {})}}
        spec = {"config": {"view": look.pop("view"), **look}, **written, "$schema": alt.SCHEMA_URL}
        spec |= {"datasets": datasets} if datasets else {}
        if validate:
            alt.Root.validate(spec)
        return spec

    def _written(self, datasets: dict[str, Any], params: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the chart without what only the outermost has; what its parts need of that is added to it."""
        common = self.data
        options = {key: value.to_dict() if hasattr(value, "to_dict") else value for key, value in self.options.items()}
        bare = [part if index == 0 or common is None else _without_data(part) for index, part in enumerate(self.parts)]
        parts = [_described(part, datasets, params, index, common) for index, part in enumerate(bare)]
        if self.how != "layer" and len(parts) > 1:
            _rename(parts, params)
        if common is None:
            return _ordered({self.how: parts, **options}, self.how)
        data = parts[0].pop("data")
        return _ordered({self.how: parts, "data": data, **options}, self.how)


def layer(*parts: Any, **options: Any) -> Composed:
    """Return charts drawn over one another."""
    return Composed("layer", parts, options)


def hconcat(*parts: Any, **options: Any) -> Composed:
    """Return charts next to one another."""
    return Composed("hconcat", parts, options)


def vconcat(*parts: Any, **options: Any) -> Composed:
    """Return charts below one another."""
    return Composed("vconcat", parts, options)


def concat(*parts: Any, **options: Any) -> Composed:
    """Return charts in rows of `columns`."""
    return Composed("concat", parts, options)


def _data(part: Any) -> Any:
    import altair as alt

    return part.data if isinstance(part, Composed) or part.data is not alt.Undefined else None


def _without_data(part: Any) -> Any:
    """Return a part that takes its data, which are written once, from the chart that it is in."""
    import altair as alt

    if isinstance(part, Composed):
        return replace(part, parts=tuple(map(_without_data, part.parts)))
    bare = part.copy(deep=False)
    bare.data = alt.Undefined
    return bare


def _described(
    part: Any, datasets: dict[str, Any], params: list[dict[str, Any]], index: int, common: Any
) -> dict[str, Any]:
    """Return a part in Vega-Lite; choices of a reader, which belong to the whole, are taken out of it."""
    if isinstance(part, Composed):
        return part._written(datasets, params)
    context = {"datasets": datasets, "top_level": False, **({} if common is None else {"data": common})}
    spec: dict[str, Any] = part.to_dict(validate=False, context=context)
    if choices := spec.pop("params", []):
        name = spec.setdefault("name", f"view_{index}")
        params.extend({**choice, "views": [name]} for choice in choices)
    return spec


def _rename(parts: list[dict[str, Any]], params: list[dict[str, Any]]) -> None:
    """Give the named layers of each part the number of the part, so that no two have one name."""
    for index, part in enumerate(parts):
        for one in part.get("layer", ()):
            if "name" in one:
                before, one["name"] = one["name"], f"{one['name']}_{index}"
                for choice in params:
                    choice["views"] = [one["name"] if view == before else view for view in choice["views"]]


def _ordered(spec: dict[str, Any], how: str) -> dict[str, Any]:
    """Return keys as Altair writes them: the parts, the data, and all else by the alphabet."""
    return {key: spec[key] for key in sorted(spec, key=lambda key: (key != how, key != "data", key))}
