"""`_include` and `_revinclude`: what the found resources point at, and what points at them, within the same patient (or
among the clinic's own). What the session may not open is left out of what is included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.parameters import Parameter, Path, parameters_of, targets, values
from seifas.fhir.resources import OWNER, STORED_ID, local

Pairs = list[tuple[str, str]]

MOST = 16
"""Inclusions of one search: each looks at all that the patient has of a type."""


class Inclusion(msgspec.Struct, frozen=True):
    """`source:name:target` taken apart. `back`: what points at the found, instead of what they point at."""

    source: str
    parameter: Parameter
    target: str
    back: bool


def inclusions_of(kind: str, pairs: Pairs) -> list[Inclusion]:
    """What a search of `kind` asks to have included. Raises NotSupported."""
    found: list[Inclusion] = []
    for name, value in pairs:
        base, _, modifier = name.partition(":")
        if base not in ("_include", "_revinclude"):
            continue
        if modifier:
            raise NotSupported("_include and _revinclude are taken without :iterate.")
        source, _, rest = value.partition(":")
        parameter_name, _, target = rest.partition(":")
        back = base == "_revinclude"
        parameter = _reference(source, parameter_name)
        if parameter is None or (target and target not in RESOURCE_TYPES):
            raise NotSupported(f"{base} takes Type:parameter, a reference that R4 has as a search parameter.")
        if not back and source != kind:
            raise NotSupported(f"_include begins at what is searched: {kind}:parameter.")
        if back:
            reach = frozenset().union(*(targets(source, path) for path in parameter.paths))
            if (reach and kind not in reach) or target not in ("", kind):
                raise NotSupported(f"No such reference points at {kind}.")
        one = Inclusion(source, parameter, target, back)
        if one not in found:
            found.append(one)
        if len(found) > MOST:
            raise NotSupported(f"A search takes at most {MOST} of _include and _revinclude.", issue="too-costly")
    return found


def _reference(kind: str, name: str) -> Parameter | None:
    if kind not in RESOURCE_TYPES:
        return None
    if name in ("patient", "subject") and kind in OWNER:
        return Parameter(name, "reference", (Path(OWNER[kind], "Patient" if name == "patient" else ""),))
    found = parameters_of(kind).get(name)
    return found if found is not None and found.form == "reference" else None


def pointed_at(resource: dict[str, Any], inclusion: Inclusion, base: str) -> set[tuple[str, str]]:
    """(type, id) of everything that the resource points at by this parameter."""
    found = set()
    for path in inclusion.parameter.paths:
        for value in values(resource, path):
            text = value.get("reference") if isinstance(value, dict) else value
            named = local(text.removeprefix(f"{base}/")) if isinstance(text, str) else None
            if named is not None and inclusion.target in ("", named[0]):
                found.add(named)
    return found


def stored_ids(names: Iterable[tuple[str, str]]) -> list[bytes]:
    """The ids of this vault among them."""
    return [bytes.fromhex(ident) for _, ident in sorted(names) if STORED_ID.match(ident)]
