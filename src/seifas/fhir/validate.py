"""Checks a resource against its R4 type: elements, cardinality, primitive forms, required codes, references.

Not a profile validator: no invariants beyond period order, no terminology beyond required bindings. Every fault comes
as one `Issue` with a FHIRPath-like expression; values are never echoed.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.fhir.definitions import PRIMITIVES, RESOURCE_TYPES, Field, shape
from seifas.fhir.json_text import name_of
from seifas.fhir.primitives import CHECKS, after

MAX_ISSUES = 50
_ABSOLUTE = re.compile(r"(?:https?://|urn:(?:uuid|oid):|#|\?)")
_RELATIVE = re.compile(r"([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z")
_CONDITIONAL = re.compile(r"([A-Za-z]+)\?[^\s]+\Z")


class Issue(msgspec.Struct, frozen=True):
    """One line of an OperationOutcome."""

    code: str
    diagnostics: str
    expression: str = ""
    severity: str = "error"


class BadResource(Invalid):
    """A resource that R4 does not allow. `issues` holds every fault found, up to MAX_ISSUES."""

    def __init__(self, issues: list[Issue]) -> None:
        first = issues[0]
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        super().__init__(f"{first.diagnostics}{more}", where=first.expression)
        self.issues = issues


class _Full(Exception):
    """Enough issues were found."""


def check(resource: dict[str, Any], *, at: str = "", today: datetime.date | None = None) -> None:
    """Raise BadResource if this is no FHIR R4 resource. `at` prefixes every path (`Bundle.entry[3].resource`)."""
    issues: list[Issue] = []
    walk = _Walk(issues, today or datetime.datetime.now(datetime.UTC).date())
    kind = resource.get("resourceType")
    try:
        if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
            what = "resourceType is missing" if kind is None else "this is no FHIR R4 resource type"
            issues.append(Issue("structure", what, f"{at}.resourceType" if at else "resourceType"))
        else:
            walk.resource(resource, kind, at or kind)
    except _Full:
        pass
    if issues:
        raise BadResource(issues)


class _Walk:
    __slots__ = ("contained", "issues", "today")

    def __init__(self, issues: list[Issue], today: datetime.date) -> None:
        self.issues = issues
        self.today = today
        self.contained: set[str] | None = None

    def fault(self, code: str, diagnostics: str, path: str) -> None:
        self.issues.append(Issue(code, diagnostics, path))
        if len(self.issues) >= MAX_ISSUES:
            raise _Full

    def resource(self, value: Any, kind: str, path: str) -> None:
        outer = self.contained
        held = value.get("contained")
        inside = [item.get("id") for item in held if isinstance(item, dict)] if isinstance(held, list) else []
        self.contained = {name for name in inside if isinstance(name, str)}
        self.object(value, kind, path)
        self.contained = outer
        if kind == "Patient":
            self.patient(value, path)

    def nested(self, value: Any, path: str, *, contained: bool) -> None:
        if not isinstance(value, dict):
            self.fault("structure", "a resource is needed", path)
            return
        kind = value.get("resourceType")
        if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
            self.fault("structure", "resourceType is missing or no FHIR R4 type", f"{path}.resourceType")
        elif not contained:
            self.resource(value, kind, path)
        elif "contained" in value:
            self.fault("structure", "a contained resource holds no others", f"{path}.contained")
        else:
            if "id" not in value:
                self.fault("required", "a contained resource needs an id", f"{path}.id")
            # References inside look among their siblings, so the set of ids stays.
            self.object(value, kind, path)

    def object(self, value: dict[str, Any], kind: str, path: str) -> None:
        form = shape(kind)
        fields = form.fields
        chosen: dict[str, str] = {}
        if not value:
            self.fault("structure", "an empty object is not allowed: leave the element out", path)
            return
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                self.other_key(value, key, kind, path)
                continue
            if field.choice and chosen.setdefault(field.choice, key) != key:
                self.fault("structure", f"only one of {field.choice}[x] may be there", f"{path}.{key}")
            if not field.many:
                self.single(inner, field, f"{path}.{key}")
            elif not isinstance(inner, list):
                self.fault("structure", "a list is needed", f"{path}.{key}")
            elif not inner:
                self.fault("structure", "an empty list is not allowed: leave the element out", f"{path}.{key}")
            else:
                self.many(value, inner, field, path)
        for element, names in form.required:
            if not any(name in value or f"_{name}" in value for name in names):
                self.fault("required", f"{element} is required", f"{path}.{element.removesuffix('[x]')}")
        if kind == "Period":
            self.period(value, path)
        elif kind == "Reference":
            self.reference(value, path)
        elif kind == "Extension" and "extension" in value and chosen:
            self.fault("structure", "an extension has a value or extensions, not both", path)

    def other_key(self, value: dict[str, Any], key: str, kind: str, path: str) -> None:
        if key == "resourceType" and kind in RESOURCE_TYPES:
            return
        field = shape(kind).fields.get(key[1:]) if key.startswith("_") else None
        if field is None or not field.primitive:
            self.fault("structure", "no such element in FHIR R4", f"{path}.{name_of(key)}")
            return
        inner = value[key]
        if field.many:
            if not isinstance(inner, list) or not inner:
                self.fault("structure", "a list is needed", f"{path}.{key}")
                return
            beside = value.get(key[1:])
            if isinstance(beside, list) and len(beside) != len(inner):
                self.fault("structure", "must be as long as the list it belongs to", f"{path}.{key}")
            for index, item in enumerate(inner):
                if item is not None:
                    self.beside(item, f"{path}.{key}[{index}]")
        else:
            self.beside(inner, f"{path}.{key}")

    def beside(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            self.fault("structure", "an object with id or extension is needed", path)
            return
        if not value:
            self.fault("structure", "an empty object is not allowed: leave the element out", path)
        for key, inner in value.items():
            if key == "id":
                self.single(inner, shape("Period").fields["id"], f"{path}.id")
            elif key == "extension" and isinstance(inner, list) and inner:
                for index, item in enumerate(inner):
                    self.single(item, shape("Period").fields["extension"], f"{path}.extension[{index}]")
            else:
                self.fault("structure", "only id and extension may stand here", f"{path}.{name_of(key)}")

    def many(self, value: dict[str, Any], inner: list[Any], field: Field, path: str) -> None:
        for index, item in enumerate(inner):
            at = f"{path}.{field.name}[{index}]"
            if item is None and field.primitive:
                beside = value.get(f"_{field.name}")
                if not (isinstance(beside, list) and index < len(beside) and beside[index]):
                    self.fault("structure", "null needs an extension beside it", at)
            else:
                self.single(item, field, at)

    def single(self, value: Any, field: Field, path: str) -> None:
        kind = field.kind
        if field.primitive:
            wrong = CHECKS[kind](value)
            if wrong is not None:
                self.fault("value", wrong, path)
            elif field.codes and value not in field.codes:
                some = ", ".join(sorted(field.codes)[:12])
                self.fault("code-invalid", f"must be one of: {some}{', ...' if len(field.codes) > 12 else ''}", path)
        elif kind == "Resource":
            self.nested(value, path, contained=field.name == "contained")
        elif not isinstance(value, dict):
            self.fault("structure", f"an object ({kind}) is needed", path)
        elif kind in RESOURCE_TYPES:  # Bundle.entry.response.outcome and the like
            self.nested(value, path, contained=False)
        else:
            self.object(value, kind, path)
            if field.targets and kind == "Reference":
                self.target(value, field.targets, path)

    def period(self, value: dict[str, Any], path: str) -> None:
        start, end = value.get("start"), value.get("end")
        if start is None or end is None or CHECKS["dateTime"](start) or CHECKS["dateTime"](end):
            return
        if after(start, end):
            self.fault("invariant", "the period ends before it starts", path)

    def reference(self, value: dict[str, Any], path: str) -> None:
        target = value.get("reference")
        if target is None:
            if not any(key in value for key in ("identifier", "display", "extension", "_reference")):
                self.fault("invariant", "a reference, an identifier or a display is needed", path)
            return
        if not isinstance(target, str):
            return
        where = f"{path}.reference"
        if target.startswith("#"):
            if len(target) > 1 and self.contained is not None and target[1:] not in self.contained:
                self.fault("not-found", "no contained resource has this id", where)
            return
        named = _RELATIVE.match(target) or _CONDITIONAL.match(target)
        if named is not None:
            if named[1] not in RESOURCE_TYPES:
                self.fault("value", "the reference names no FHIR R4 resource type", where)
            elif isinstance(value.get("type"), str) and value["type"] in RESOURCE_TYPES and value["type"] != named[1]:
                self.fault("value", "type and reference disagree", f"{path}.type")
        elif not _ABSOLUTE.match(target) or any(c.isspace() for c in target):
            self.fault("value", "a reference is Type/id, an address, urn:uuid:..., urn:oid:... or #id", where)

    def target(self, value: dict[str, Any], targets: frozenset[str], path: str) -> None:
        target = value.get("reference")
        named = _RELATIVE.match(target) or _CONDITIONAL.match(target) if isinstance(target, str) else None
        if named is not None and named[1] in RESOURCE_TYPES and named[1] not in targets:
            some = ", ".join(sorted(targets))
            self.fault("value", f"may point only at: {some}", f"{path}.reference")

    def patient(self, value: dict[str, Any], path: str) -> None:
        born = value.get("birthDate")
        # One day of grace: somewhere it is tomorrow already.
        tomorrow = (self.today + datetime.timedelta(days=1)).isoformat()
        if isinstance(born, str) and CHECKS["date"](born) is None and born > tomorrow[: len(born)]:
            self.fault("business-rule", "the birth date lies in the future", f"{path}.birthDate")
        contacts = value.get("contact")
        for index, contact in enumerate(contacts if isinstance(contacts, list) else []):
            if isinstance(contact, dict) and not contact.keys() & {"name", "telecom", "address", "organization"}:
                at = f"{path}.contact[{index}]"
                self.fault("invariant", "a contact needs a name, telecom, address or organization", at)


assert frozenset(CHECKS) == PRIMITIVES
