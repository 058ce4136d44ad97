"""Search parameters inside one patient's (or the clinic's own) resources: tokens, dates, references, identifiers.

The resources are few and open already, so a filter is a plain look at each. A parameter that is not known is refused,
never ignored: ignoring it would answer a wider question than was asked.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.parameters import Parameter, parameters_of, values
from seifas.fhir.primitives import CHECKS

Resource = dict[str, Any]
Test = Callable[[Resource], bool]

# Parts of names and addresses that are codes or times, not text.
_NOT_TEXT = frozenset({"use", "type", "period", "extension", "id"})
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d.*)\Z", re.DOTALL)


def test_of(kind: str, name: str, value: str) -> Test:
    """The test of one parameter of a type; commas in the value mean "or", the modifiers are `:not` (of tokens),
    `:missing`, and of references `:Type` and `:identifier`. Raises NotSupported for any other, Invalid for a bad
    date."""
    base, _, modifier = name.partition(":")
    parameter = parameters_of(kind).get(base)
    if parameter is None:
        known = ", ".join(parameters_of(kind)) or "none"
        raise NotSupported(f"{kind} has no such search parameter. Known: patient, _id, _lastUpdated, {known}.")
    if modifier == "missing" and value in ("true", "false"):
        wanted = value == "true"
        return lambda resource: wanted is not any(True for path in parameter.paths for _ in values(resource, path))
    inverted = modifier == "not" and parameter.form == "token"
    if modifier == "identifier" and parameter.form == "reference":
        return _logical(parameter, value)
    if modifier and not inverted and not (parameter.form == "reference" and modifier in RESOURCE_TYPES):
        raise NotSupported(
            "The modifiers taken are :not of tokens, :missing=true or false, :Type and :identifier of references."
        )
    choices = [f"{modifier}/{one}" if modifier and not inverted and "/" not in one else one
               for one in value.split(",") if one]  # fmt: skip
    if not choices:
        raise NotSupported(f"The search parameter {base} has no value.", issue="invalid")
    tests = [_one(parameter, choice) for choice in choices]
    return lambda resource: inverted is not any(test(resource) for test in tests)


def _logical(parameter: Parameter, value: str) -> Test:
    """Whom a reference names by an identifier and no address, such as who did what a line of the log tells of."""
    choices = [one.rpartition("|") for one in value.split(",") if one]
    if not choices:
        raise NotSupported(f"The search parameter {parameter.name}:identifier has no value.", issue="invalid")

    def named(found: Any) -> bool:
        held = found.get("identifier") if isinstance(found, dict) else None
        return any(_token(held, system if bar else None, code) for system, bar, code in choices)

    return lambda resource: any(named(found) for path in parameter.paths for found in values(resource, path))


def _one(parameter: Parameter, value: str) -> Test:
    paths = parameter.paths

    def has(fits: Callable[[Any], bool]) -> Test:
        return lambda resource: any(fits(found) for path in paths for found in values(resource, path))

    match parameter.form:
        case "token":
            system, bar, code = value.rpartition("|")
            return has(lambda found: _token(found, system if bar else None, code))
        case "date":
            low, high, prefix = _interval(value)
            return has(lambda found: (span := _span(found)) is not None and _compare(prefix, low, high, span))
        case "reference":
            return has(lambda found: _refers(found, value))
        case "uri":
            return has(lambda found: found == value)
        case _:
            start = value.casefold()
            return has(lambda found: _begins(found, start))


def moment_of(kind: str, name: str) -> Callable[[Resource], datetime.datetime | None]:
    """For sorting: the first moment of a date parameter of a type. Raises NotSupported."""
    parameter = parameters_of(kind).get(name)
    if parameter is None or parameter.form != "date":
        dates = ", ".join(one.name for one in parameters_of(kind).values() if one.form == "date")
        raise NotSupported(f"_sort takes _lastUpdated and dates of the type: {dates or 'none here'}.")
    paths = parameter.paths

    def first(resource: Resource) -> datetime.datetime | None:
        spans = [_span(found) for path in paths for found in values(resource, path)]
        return min((span[0] for span in spans if span is not None), default=None)

    return first


def _token(value: Any, system: str | None, code: str) -> bool:
    if isinstance(value, list):
        return any(_token(one, system, code) for one in value)
    if isinstance(value, bool):
        return code == ("true" if value else "false") and not system
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
    if isinstance(value, str):
        return value == wanted
    if not isinstance(value, dict):
        return False
    reference = value.get("reference")
    if isinstance(reference, str):
        if "/_history/" not in wanted:
            reference = reference.partition("/_history/")[0]
        return reference == wanted or reference.rpartition("/")[2] == wanted or wanted.endswith(f"/{reference}")
    return False


def _begins(value: Any, start: str) -> bool:
    if isinstance(value, str):
        return value.casefold().startswith(start)
    if isinstance(value, list):
        return any(_begins(one, start) for one in value)
    if isinstance(value, dict):
        return any(_begins(one, start) for name, one in value.items() if name not in _NOT_TEXT)
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
