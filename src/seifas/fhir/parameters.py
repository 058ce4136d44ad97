"""R4's search parameters of each type, as paths into its resources. Source: r4_search.txt beside this file.

R4 is frozen, so the table never changes; a type's line is taken apart when the type is first searched.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator
from typing import Any

import msgspec

from seifas.fhir.definitions import PRIMITIVES, shape


class Path(msgspec.Struct, frozen=True):
    """A path of elements. `target`: only references to that type; `system`: only contact points of that system."""

    elements: tuple[str, ...]
    target: str = ""
    system: str = ""


class Parameter(msgspec.Struct, frozen=True):
    """One search parameter. `form`: token, date, reference, string or uri."""

    name: str
    form: str
    paths: tuple[Path, ...]


def _lines() -> dict[str, str]:
    text = importlib.resources.files("seifas.fhir").joinpath("r4_search.txt").read_text("utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines() if line[:1] not in ("", "#"))


_LINES = _lines()  # while this process may still read where Python's packages lie (preloading.py)


def _path(text: str) -> Path:
    text, _, system = text.partition("=")
    elements, _, target = text.partition("@")
    return Path(tuple(elements.split(".")), target, system)


@functools.cache
def parameters_of(kind: str) -> dict[str, Parameter]:
    """The parameters of a type by name, without `patient` and `subject`, which say whose records are searched."""
    found: dict[str, Parameter] = {}
    for entry in _LINES.get(kind, "").split():
        name, form, paths = entry.split(":")
        found[name] = Parameter(name, form, tuple(map(_path, paths.split(","))))
    return found


def values(resource: dict[str, Any], path: Path) -> Iterator[Any]:
    """Every value at the end of a path, lists taken apart."""
    found: list[Any] = [resource]
    for element in path.elements:
        below = [one.get(element) for one in found if isinstance(one, dict)]
        found = [one for value in below for one in (value if isinstance(value, list) else [value])]
    for one in found:
        if one is None or (path.system and not (isinstance(one, dict) and one.get("system") == path.system)):
            continue
        if path.target and not _names(one, path.target):
            continue
        yield one


def _names(reference: Any, kind: str) -> bool:
    text = reference.get("reference") if isinstance(reference, dict) else None
    if isinstance(text, str):
        return f"{kind}/" in text or (kind == "Practitioner" and "PractitionerRole/" in text)
    return isinstance(reference, dict) and reference.get("type") == kind


@functools.cache
def targets(kind: str, path: Path) -> frozenset[str]:
    """The types that a reference at this path may point at; empty where R4 takes any."""
    if path.target:
        return frozenset({path.target})
    at = kind
    found: frozenset[str] = frozenset()
    for element in path.elements:
        field = shape(at).fields.get(element)
        if field is None:
            return frozenset()
        found, at = field.targets, field.kind
        if at in PRIMITIVES:
            break
    return found - {"Resource"}
