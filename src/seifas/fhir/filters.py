"""Search parameters inside one patient's (or the clinic's own) resources: tokens, dates, references, identifiers.

The resources are few and open already, so a filter is a plain look at each. A parameter that is not known is refused,
never ignored: ignoring it would answer a wider question than was asked.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from seifas.fhir.outcomes import NotSupported
from seifas.fhir.primitives import CHECKS

Resource = dict[str, Any]
Test = Callable[[Resource], bool]

# Parameter -> the element it looks at. Elements that a type does not have simply never match.
TOKENS: dict[str, tuple[str, ...]] = {
    "category": ("category",),
    "class": ("class",),
    "clinical-status": ("clinicalStatus",),
    "code": ("code", "medicationCodeableConcept", "vaccineCode"),
    "identifier": ("identifier",),
    "intent": ("intent",),
    "modality": ("modality",),
    "scope": ("scope",),
    "specialty": ("specialty",),
    "status": ("status",),
    "type": ("type",),
    "vaccine-code": ("vaccineCode",),
    "verification-status": ("verificationStatus",),
    "view": ("view",),
}
DATES: dict[str, tuple[str, ...]] = {
    "authoredon": ("authoredOn",),
    "created": ("createdDateTime", "createdPeriod", "created"),
    "date": (
        "effectiveDateTime", "effectivePeriod", "effectiveInstant", "performedDateTime", "performedPeriod",
        "occurrenceDateTime", "occurrencePeriod", "period", "start", "date", "dateTime", "recordedDate", "created",
    ),
    "onset-date": ("onsetDateTime", "onsetPeriod"),
    "period": ("period",),
    "recorded-date": ("recordedDate",),
}  # fmt: skip
REFERENCES: dict[str, tuple[str, ...]] = {
    "encounter": ("encounter",),
    "organization": ("organization", "managingOrganization", "partOf"),
    "performer": ("performer",),
    "practitioner": ("practitioner", "participant"),
}
STRINGS: dict[str, tuple[str, ...]] = {"name": ("name",), "family": ("name",), "given": ("name",)}
NAMES = frozenset(TOKENS) | frozenset(DATES) | frozenset(REFERENCES) | frozenset(STRINGS)
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d.*)\Z", re.DOTALL)


def test_of(name: str, value: str) -> Test:
    """The test of one parameter; commas in the value mean "or". Raises NotSupported, or Invalid for a bad date."""
    base, _, modifier = name.partition(":")
    if modifier or base not in NAMES:
        known = ", ".join(sorted(NAMES))
        raise NotSupported(f"This search parameter is not known. Known: patient, subject, _id, _lastUpdated, {known}.")
    choices = [choice for choice in value.split(",") if choice]
    if not choices:
        raise NotSupported(f"The search parameter {base} has no value.", issue="invalid")
    tests = [_one(base, choice) for choice in choices]
    return lambda resource: any(test(resource) for test in tests)


def _one(base: str, value: str) -> Test:
    if base in TOKENS:
        system, bar, code = value.rpartition("|")
        elements = TOKENS[base]
        return lambda resource: any(
            _token(resource.get(element), system if bar else None, code) for element in elements
        )
    if base in DATES:
        low, high, prefix = _interval(value)
        return lambda resource: any(
            _compare(prefix, low, high, found)
            for element in DATES[base]
            for found in [_span(resource.get(element))]
            if found is not None
        )
    if base in REFERENCES:
        return lambda resource: any(_refers(resource.get(element), value) for element in REFERENCES[base])
    start = value.casefold()
    part = {"family": ("family",), "given": ("given",)}.get(base, ())
    return lambda resource: any(_begins(resource.get(element), start, part) for element in STRINGS[base])


def _token(value: Any, system: str | None, code: str) -> bool:
    if isinstance(value, list):
        return any(_token(one, system, code) for one in value)
    if isinstance(value, str):
        return value == code and not system
    if not isinstance(value, dict):
        return False
    if "coding" in value:
        return _token(value["coding"], system, code)
    held = value.get("code", value.get("value"))
    if code and held != code:
        return False
    return system is None or value.get("system", "") == system


def _refers(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return any(_refers(one, wanted) for one in value)
    if not isinstance(value, dict):
        return False
    reference = value.get("reference")
    if isinstance(reference, str):
        return reference == wanted or reference.rpartition("/")[2] == wanted
    return any(_refers(inner, wanted) for inner in value.values() if isinstance(inner, dict))


def _begins(value: Any, start: str, part: tuple[str, ...]) -> bool:
    if isinstance(value, list):
        return any(_begins(one, start, part) for one in value)
    if isinstance(value, str):
        return value.casefold().startswith(start)
    if isinstance(value, dict):
        return any(_begins(value.get(name), start, ()) for name in part or ("family", "given", "text"))
    return False


def _interval(text: str) -> tuple[datetime.datetime, datetime.datetime, str]:
    match = _PREFIX.match(text)
    value = match[2].replace(" ", "+") if match else ""  # a bare + in a query means a space
    if match is None or CHECKS["dateTime"](value) is not None:
        raise NotSupported("A date is needed: 2026, 2026-11, 2026-11-21 or a moment with time zone.", issue="value")
    low, high = _bounds(value)
    return low, high, match[1] or "eq"


def _bounds(text: str) -> tuple[datetime.datetime, datetime.datetime]:
    """First and last moment of a FHIR dateTime of any precision; days are taken in UTC."""
    if "T" in text:
        moment = datetime.datetime.fromisoformat(re.sub(r":60(?=[.Z+-])", ":59", text).replace("Z", "+00:00"))
        return moment, moment + datetime.timedelta(seconds=0 if "." in text else 0.999999)
    year, month, day = (int(part) for part in (text + "-01-01")[:10].split("-"))
    low = datetime.datetime(year, month, day, tzinfo=datetime.UTC)
    if len(text) == 4:
        after = low.replace(year=year + 1) if year < 9999 else low
    elif len(text) == 7:
        after = low.replace(year=year + month // 12, month=month % 12 + 1) if (year, month) < (9999, 12) else low
    else:
        after = low + datetime.timedelta(days=1) if (year, month, day) < (9999, 12, 31) else low
    return low, after - datetime.timedelta(microseconds=1) if after > low else low


def _span(value: Any) -> tuple[datetime.datetime, datetime.datetime] | None:
    if isinstance(value, str) and CHECKS["dateTime"](value) is None:
        return _bounds(value)
    if isinstance(value, dict):
        start, end = value.get("start"), value.get("end")
        low = _bounds(start)[0] if isinstance(start, str) and CHECKS["dateTime"](start) is None else None
        high = _bounds(end)[1] if isinstance(end, str) and CHECKS["dateTime"](end) is None else None
        if low is not None or high is not None:
            return low or datetime.datetime.min.replace(tzinfo=datetime.UTC), high or datetime.datetime.max.replace(
                tzinfo=datetime.UTC
            )
    return None


def _compare(
    prefix: str, low: datetime.datetime, high: datetime.datetime, span: tuple[datetime.datetime, datetime.datetime]
) -> bool:
    """R4, search, "date": what is asked is the interval low..high, what is stored the interval `span`."""
    first, last = span
    match prefix:
        case "eq":
            return low <= first and last <= high
        case "ne":
            return not (low <= first and last <= high)
        case "gt":
            return last > high
        case "lt":
            return first < low
        case "ge":
            return last >= low
        case "le":
            return first <= high
        case "sa":
            return first > high
        case _:
            return last < low


def updated_test(value: str) -> Callable[[int], bool]:
    """The test of `_lastUpdated` over milliseconds since the epoch."""
    low, high, prefix = _interval(value)
    return lambda ms: _compare(prefix, low, high, (datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC),) * 2)
