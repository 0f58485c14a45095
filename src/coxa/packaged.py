"""YAML that ships in the package, by a parser in C where there is one: plans of users are read by `study`."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def packaged_yaml(package: str, name: str) -> Any:
    """Return what a YAML file of a package holds.

    Parameters
    ----------
    package
        "coxa.instruments".
    name
        Path below it: "data/hoos.yaml".

    Notes
    -----
    The parser takes YAML 1.1, where `yes` and `on` are true; a test holds that every file that ships reads as in 1.2.

    Examples
    --------
    >>> packaged_yaml("coxa.instruments", "data/nprs.yaml")["name"]
    'nprs'
    """
    return yaml.load(files(package).joinpath(name).read_text(encoding="utf-8"), Loader=LOADER)
