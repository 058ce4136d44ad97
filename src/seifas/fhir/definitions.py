"""The shape of FHIR R4: which elements a type has, how often, of what kind. Source: r4.txt beside this file.

A `Shape` is made when a type is first met; R4 is frozen, so the table never changes.
"""

from __future__ import annotations

import functools
import importlib.resources
import re

import msgspec

_PRIMITIVES = (
    "base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string time "
    "unsignedInt uri url uuid xhtml"
)
PRIMITIVES = frozenset(_PRIMITIVES.split())
# Datatypes that a bare `value[x]` may take (datatypes, "open type" list), resources excluded.
_OPEN = (
    "base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string time "
    "unsignedInt uri url uuid Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance "
    "Duration HumanName Identifier Money Period Quantity Range Ratio Reference SampledData Signature Timing "
    "ContactDetail Contributor DataRequirement Expression ParameterDefinition RelatedArtifact TriggerDefinition "
    "UsageContext Dosage Meta"
)
# Datatypes that derive from BackboneElement and so may carry modifierExtension.
_DERIVED = (
    "Dosage ElementDefinition MarketingStatus Population ProdCharacteristic ProductShelfLife SubstanceAmount Timing"
)
_BACKBONE = frozenset(_DERIVED.split())
_ELEMENT = "id:string extension*:Extension"
_RESOURCE = "id:id meta:Meta implicitRules:uri language:code"
_DOMAIN = "text:Narrative contained*:Resource extension*:Extension modifierExtension*:Extension"
_BARE = frozenset({"Binary", "Bundle", "Parameters"})  # resources that are not DomainResources
_ENTRY = re.compile(r"([A-Za-z0-9]+)(\[x\])?([!*+]?):(.+)\Z")
_KIND = re.compile(r"(@?[A-Za-z0-9.]+)(?:\(([A-Za-z,]+)\))?(?:\{([^}]+)\})?\Z")


class Field(msgspec.Struct, frozen=True):
    """One JSON property. `kind` is a primitive, a datatype, a part (`Patient.contact`) or `Resource`."""

    name: str
    kind: str
    many: bool
    primitive: bool
    targets: frozenset[str]
    codes: frozenset[str]
    choice: str


class Shape(msgspec.Struct, frozen=True):
    """What an object of a type may hold. `required`: (element name, the JSON properties of which one must be there)."""

    name: str
    fields: dict[str, Field]
    required: tuple[tuple[str, tuple[str, ...]], ...]


def _load() -> tuple[dict[str, str], dict[str, frozenset[str]], frozenset[str]]:
    lines: dict[str, str] = {}
    codes: dict[str, frozenset[str]] = {}
    resources: set[str] = set()
    part = ""
    for line in importlib.resources.files("seifas.fhir").joinpath("r4.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            part = line if line.startswith("# --") else part
        elif line.startswith("{"):
            name, _, rest = line[1:].partition("} ")
            codes[name] = frozenset(rest.split())
        else:
            name, _, rest = line.partition(" ")
            lines[name] = rest
            if part == "# -- resources" and "." not in name:
                resources.add(name)
    return lines, codes, frozenset(resources)


_LINES, _CODES, RESOURCE_TYPES = _load()


def _field(name: str, kind_text: str, *, many: bool, choice: str = "") -> Field:
    match = _KIND.match(kind_text)
    assert match is not None, kind_text
    kind, targets, codes = match.groups()
    kind = kind.lstrip("@")
    return Field(
        name=name,
        kind=kind,
        many=many,
        primitive=kind in PRIMITIVES,
        targets=frozenset(targets.split(",")) if targets else frozenset(),
        codes=_CODES.get(codes, frozenset()) if codes else frozenset(),
        choice=choice,
    )


@functools.cache
def shape(name: str) -> Shape:
    """The shape of a resource, datatype or part. KeyError for a name that R4 does not have."""
    text = _LINES[name]
    if name in RESOURCE_TYPES:
        text = f"{_RESOURCE} {text}" if name in _BARE else f"{_RESOURCE} {_DOMAIN} {text}"
    else:
        backbone = "." in name or name in _BACKBONE
        text = f"{_ELEMENT} {'modifierExtension*:Extension ' if backbone else ''}{text}"
    fields: dict[str, Field] = {}
    required: list[tuple[str, tuple[str, ...]]] = []
    for entry in text.split():
        match = _ENTRY.match(entry)
        assert match is not None, entry
        element, is_choice, mark, kinds = match.groups()
        names: list[str] = []
        if is_choice:
            for kind in _OPEN.split() if kinds == "any" else kinds.split("|"):
                bare = kind.partition("(")[0].partition("{")[0]
                json_name = element + bare[0].upper() + bare[1:]
                fields[json_name] = _field(json_name, kind, many=False, choice=element)
                names.append(json_name)
        else:
            fields[element] = _field(element, kinds, many=mark in ("*", "+"))
            names.append(element)
        if mark in ("!", "+"):
            required.append((f"{element}[x]" if is_choice else element, tuple(names)))
    return Shape(name=name, fields=fields, required=tuple(required))
