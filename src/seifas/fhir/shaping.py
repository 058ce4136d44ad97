"""Parts of resources: `_summary` and `_elements`. A part says so (tag SUBSETTED) and is not taken as an update."""

from __future__ import annotations

import functools
import importlib.resources
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.fhir.definitions import shape
from seifas.fhir.json_text import BUNDLE_LIMIT, read, write
from seifas.fhir.outcomes import NotSupported

Pairs = list[tuple[str, str]]

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "language"})
_FORMS = ("true", "text", "data", "count", "false")


class Part(msgspec.Struct, frozen=True):
    """What of each resource is asked for: one of R4's five words (or ""), or `elements`, names at the top."""

    summary: str = ""
    elements: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        return self.summary in ("", "false") and not self.elements


def part_of(pairs: Pairs) -> Part:
    """The part that a query asks for. Raises NotSupported."""
    summary = [value for name, value in pairs if name == "_summary"]
    elements = frozenset(one for name, value in pairs if name == "_elements" for one in value.split(",") if one)
    if len(summary) > 1 or (summary and summary[0] not in _FORMS):
        raise NotSupported(f"_summary is one of {', '.join(_FORMS)}.", issue="value")
    if summary and summary[0] != "false" and elements:
        raise NotSupported("Ask for _summary or for _elements, not for both.", issue="value")
    return Part(summary[0] if summary else "", elements)


@functools.cache
def _summaries() -> dict[str, frozenset[str]]:
    text = importlib.resources.files("seifas.fhir").joinpath("r4_summary.txt").read_text("utf-8")
    lines = [line.split() for line in text.splitlines() if line[:1] not in ("", "#")]
    return {words[0]: frozenset(words[1:]) for words in lines}


@functools.cache
def _required(kind: str) -> frozenset[str]:
    return frozenset(name for _, names in shape(kind).required for name in names)


def shaped(kind: str, body: bytes, part: Part) -> bytes:
    """The asked-for part of a stored resource; numbers stay to the letter, elements in their order."""
    if part.whole:
        return body
    resource = read(body, limit=BUNDLE_LIMIT)
    fields = shape(kind).fields

    def kept(key: str) -> bool:
        name = key.lstrip("_")
        field = fields.get(name)
        choice = field.choice if field is not None else ""
        if name in _ALWAYS:
            return True
        if part.summary == "data":
            return name != "text"
        if part.summary == "text":
            return name == "text" or name in _required(kind)
        if part.summary == "true":
            return not {name, choice}.isdisjoint(_summaries()[kind])
        return not {name, choice}.isdisjoint(part.elements) or name in _required(kind)

    found: dict[str, Any] = {key: value for key, value in resource.items() if kept(key)}
    meta = found.get("meta", {})
    if SUBSETTED not in meta.get("tag", []):
        found["meta"] = meta | {"tag": [*meta.get("tag", []), SUBSETTED]}
    return write(found)


def refuse_parts(resource: dict[str, Any]) -> None:
    """Raises Invalid for a resource that says it is a part of one: stored, it would lose the rest."""
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict) and tag.get("code") == "SUBSETTED" and tag.get("system") == SUBSETTED["system"]:
            raise Invalid("This is a part of a resource (SUBSETTED): read it whole, change that.", where="meta.tag")
