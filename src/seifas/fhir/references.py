"""Finds the references inside resources and rewrites those that a bundle resolves, in place.

What may resolve: a fullUrl (`urn:uuid:...` or an address), `Type/id` of a bundled resource, and conditional references
`Type?identifier=system|value`. Loops between entries are ordinary: ids are given before anything is rewritten.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.fhir.definitions import RESOURCE_TYPES

# Types that are looked up by identifier outside the bundle: they live in the clinic compartment and name no patient.
LOOKED_UP = frozenset({"HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"})
# Elements other than Reference.reference that may carry a fullUrl of the bundle (R4, transaction: url, uri, uuid).
_ADDRESSES = frozenset({"instantiatesUri", "source", "uri", "url", "valueUri", "valueUrl", "valueUuid"})
_URN = re.compile(r"urn:(?:uuid|oid):", re.IGNORECASE)


class Condition(msgspec.Struct, frozen=True):
    """`Type?identifier=system|value` taken apart. `system` is None where none was given."""

    kind: str
    system: str | None
    value: str

    def matches(self, resource: dict[str, Any]) -> bool:
        """Whether the resource carries the identifier."""
        held = identifiers(resource)
        return any(value == self.value and self.system in (None, system) for system, value in held)


def identifiers(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """(system or "", value) of every identifier of a resource, whatever shape the rest is in."""
    held = resource.get("identifier")
    found: list[tuple[str, str]] = []
    for one in held if isinstance(held, list) else [held]:
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            system = one.get("system")
            found.append((system if isinstance(system, str) else "", one["value"]))
    return found


def condition(text: str, *, where: str) -> Condition:
    """Parse `Type?identifier=system|value`. Raises Invalid: other conditions would be searches over patients."""
    kind, _, query = text.partition("?")
    if kind not in RESOURCE_TYPES:
        raise Invalid("The conditional reference names no FHIR R4 resource type.", where=where)
    try:
        pairs = urllib.parse.parse_qsl(query, strict_parsing=True, max_num_fields=8, errors="strict")
    except ValueError:
        pairs = []
    if len(pairs) != 1 or pairs[0][0] != "identifier" or not pairs[0][1].rpartition("|")[2]:
        raise Invalid("A conditional reference must be Type?identifier=system|value.", where=where)
    system, bar, value = pairs[0][1].rpartition("|")
    return Condition(kind=kind, system=system if bar else None, value=value)


def is_conditional(reference: str) -> bool:
    """Whether a reference is a query instead of an address."""
    kind, mark, _ = reference.partition("?")
    return bool(mark) and kind in RESOURCE_TYPES


def holders(resource: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(object, key, path of that key) of every string that is a reference or an address which may be rewritten."""
    stack: list[tuple[Any, str]] = [(resource, path)]
    while stack:
        value, at = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str):
                    if key == "reference" or key in _ADDRESSES:
                        yield value, key, f"{at}.{key}"
                elif isinstance(inner, (dict, list)):
                    stack.append((inner, f"{at}.{key}"))
        else:
            stack += [(inner, f"{at}[{n}]") for n, inner in enumerate(value) if isinstance(inner, (dict, list))]


def resolve(resource: dict[str, Any], path: str, known: dict[str, str]) -> None:
    """Rewrite in place every reference that `known` (reference text -> `Type/id`) holds.

    Raises Invalid naming the path for a urn that no entry has and for a condition that was not resolved.
    """
    for holder, key, at in holders(resource, path):
        text = holder[key]
        target = known.get(text)
        if key != "reference":
            # An http address may be a canonical name (ValueSet.url), which must stay; a urn:uuid names an entry only.
            if target is not None and _URN.match(text):
                holder[key] = target
        elif target is not None:
            holder[key] = target
        elif _URN.match(text):
            raise Invalid("No entry of the bundle has this fullUrl.", where=at)
        elif is_conditional(text):
            raise Invalid(
                "The conditional reference finds nothing. It may point at a resource of the same bundle, or at a "
                f"{', '.join(sorted(LOOKED_UP))} of the clinic.",
                where=at,
            )
