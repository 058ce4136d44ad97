"""Turns what a client sends (one resource or a transaction Bundle) into a plan: ids given, references resolved, every
resource checked, assigned to its patient and written as the bytes that will be stored. No I/O: the FHIR listener and
the importer hand the plan's changes to the keeper, which takes all or nothing.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from seifas.errors import Invalid, TooLarge
from seifas.fhir.json_text import BUNDLE_LIMIT, RESOURCE_LIMIT, read
from seifas.fhir.references import LOOKED_UP, condition, holders, identifiers, is_conditional, resolve
from seifas.fhir.resources import NEVER_STORED, STORED_ID, known_type, local, patient_of
from seifas.fhir.stamp import body, keep_source_id
from seifas.fhir.validate import BadResource, Issue, check

Op = Literal["create", "update", "delete", "read", "found"]
_ETAG = re.compile(r'(?:W/)?"?([1-9]\d{0,17})"?\Z', re.ASCII)
_STAMP = 1024  # what id, meta and the identifier of the source may add to a resource of the full size
# R4 processes a transaction in this order whatever the order of its entries.
_ORDER = {"delete": 0, "create": 1, "found": 1, "update": 2, "read": 3}


class Change(msgspec.Struct, frozen=True):
    """One change for the keeper. `patient` is None for a delete (the keeper knows), 16 zero bytes for the clinic's own.

    `expect` is the version the change is built on (0 for a create). `body` is empty for a delete.
    """

    op: str
    type: str
    id: bytes
    patient: bytes | None
    expect: int
    body: bytes


class Step(msgspec.Struct, frozen=True):
    """What becomes of one entry. `change` is the index in Plan.changes, or -1; `id` is hex."""

    op: Op
    type: str
    id: str
    change: int = -1


class Plan(msgspec.Struct, frozen=True):
    """`steps` follow the entries of the bundle; `changes` are in the order in which they are to be made."""

    steps: tuple[Step, ...]
    changes: tuple[Change, ...]

    def by_patient(self) -> dict[bytes | None, list[Change]]:
        """Changes grouped by patient; the clinic's own come first, because patients' records point at them."""
        groups: dict[bytes | None, list[Change]] = {}
        for change in sorted(self.changes, key=lambda one: one.patient != bytes(16)):
            groups.setdefault(change.patient, []).append(change)
        return groups


class Entry(msgspec.Struct, frozen=True):
    """One entry while it is being planned."""

    index: int
    op: Op
    type: str
    id: str
    expect: int
    resource: dict[str, Any] | None
    where: str
    condition: str = ""


class Draft(msgspec.Struct, frozen=True):
    """A bundle read and understood, with ids given. `outside` lists the conditions that only a look-up can resolve;
    `versions_needed` the stored resources whose current version the plan builds on."""

    entries: tuple[Entry, ...]
    addresses: dict[str, str]
    outside: tuple[str, ...]
    versions_needed: tuple[tuple[str, str], ...]


def new_id() -> str:
    """A fresh resource id: 16 random bytes in hex."""
    return os.urandom(16).hex()


def expected_version(text: str, *, where: str) -> int:
    """The version in an If-Match value, `W/"3"`. Raises Invalid."""
    match = _ETAG.match(text.strip())
    if match is None:
        raise Invalid('If-Match must be one version: W/"3".', where=where)
    return int(match[1])


def read_bundle(
    raw: bytes, *, collections: bool = False, make_id: Callable[[], str] = new_id, limit: int = BUNDLE_LIMIT
) -> Draft:
    """Parse and check a transaction. With `collections`, Bundles of other kinds are taken as so many creates.

    Raises Invalid/TooLarge with the path of the entry.
    """
    return draft_bundle(read(raw, limit=limit), collections=collections, make_id=make_id)


def draft_bundle(bundle: dict[str, Any], *, collections: bool = False, make_id: Callable[[], str] = new_id) -> Draft:
    """`read_bundle` for a Bundle that is parsed already."""
    if bundle.get("resourceType") != "Bundle":
        raise Invalid("A Bundle is needed here.", where="resourceType")
    kind = bundle.get("type")
    if kind == "batch":
        raise Invalid("A batch is no transaction: it is taken at the FHIR address only.", where="Bundle.type")
    if kind != "transaction" and not (collections and kind in ("collection", "document", "searchset", "history")):
        raise Invalid("The Bundle's type must be transaction.", where="Bundle.type")
    rows = bundle.get("entry", [])
    if not isinstance(rows, list):
        raise Invalid("A list is needed.", where="Bundle.entry")
    entries = tuple(
        _entry(row, index, f"Bundle.entry[{index}]", transaction=kind == "transaction", make_id=make_id)
        for index, row in enumerate(rows)
    )
    addresses = _addresses(rows, entries)
    outside = _inner_conditions(entries, addresses)
    needed = tuple((e.type, e.id) for e in entries if e.op in ("update", "delete") and e.expect == 0)
    return Draft(entries=entries, addresses=addresses, outside=outside, versions_needed=needed)


def _entry(row: Any, index: int, where: str, *, transaction: bool, make_id: Callable[[], str]) -> Entry:
    if not isinstance(row, dict):
        raise Invalid("An object is needed.", where=where)
    request = row.get("request")
    resource = row.get("resource")
    if resource is not None and not isinstance(resource, dict):
        raise Invalid("A resource is needed.", where=f"{where}.resource")
    if not transaction:
        request = {"method": "POST", "url": (resource or {}).get("resourceType")}
    if not isinstance(request, dict):
        raise Invalid("An entry of a transaction needs a request.", where=f"{where}.request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(url, str):
        raise Invalid("The request needs a url.", where=f"{where}.request.url")
    match method:
        case "POST":
            kind = known_type(url, where=f"{where}.request.url")
            only_if = request.get("ifNoneExist")
            if only_if is not None and not isinstance(only_if, str):
                raise Invalid("A string is needed.", where=f"{where}.request.ifNoneExist")
            wanted = f"{kind}?{only_if}" if only_if else ""
            entry = Entry(index, "create", kind, make_id(), 0, resource, where, condition=wanted)
        case "PUT" | "DELETE" | "GET":
            target = local(url)
            if target is None or "/_history" in url:
                what = "Searches inside a transaction are not taken" if method == "GET" else "Not of the form Type/id"
                raise Invalid(f"{what}: the url must be Type/id.", where=f"{where}.request.url")
            if not STORED_ID.match(target[1]):
                raise Invalid("This vault has no such id; ids are given by the server (POST).",
                              where=f"{where}.request.url")  # fmt: skip
            op: Op = {"PUT": "update", "DELETE": "delete", "GET": "read"}[method]  # type: ignore[assignment]
            if_match = request.get("ifMatch")
            if if_match is not None and not isinstance(if_match, str):
                raise Invalid("A string is needed.", where=f"{where}.request.ifMatch")
            expect = expected_version(if_match, where=f"{where}.request.ifMatch") if if_match is not None else 0
            entry = Entry(index, op, target[0], target[1], expect, resource, where)
        case _:
            raise Invalid("The method must be POST, PUT, DELETE or GET.", where=f"{where}.request.method")
    if entry.op in ("create", "update"):
        _fitting(entry, where)
        return entry
    return msgspec.structs.replace(entry, resource=None)


def _fitting(entry: Entry, where: str) -> None:
    if entry.resource is None:
        raise Invalid("The entry needs a resource.", where=f"{where}.resource")
    kind = known_type(entry.resource.get("resourceType"), where=f"{where}.resource.resourceType")
    if kind != entry.type:
        raise Invalid("The url and the resource are of different types.", where=f"{where}.request.url")
    if kind in NEVER_STORED:
        raise Invalid(f"{kind} is not stored: send its resources.", where=f"{where}.resource")
    if entry.op == "update" and entry.resource.get("id") != entry.id:
        raise Invalid("The id in the resource is not the one in the url.", where=f"{where}.resource.id")


def _addresses(rows: list[Any], entries: tuple[Entry, ...]) -> dict[str, str]:
    """Every text by which entries may refer to each other -> `Type/id` as stored."""
    found: dict[str, str] = {}
    plain: dict[str, str | None] = {}
    seen: set[tuple[str, str]] = set()
    for row, entry in zip(rows, entries, strict=True):
        stored = f"{entry.type}/{entry.id}"
        if entry.op in ("update", "delete"):
            if (entry.type, entry.id) in seen:
                raise Invalid("Two entries change the same resource.", where=entry.where)
            seen.add((entry.type, entry.id))
        full = row.get("fullUrl")
        if full is not None and not isinstance(full, str):
            raise Invalid("A string is needed.", where=f"{entry.where}.fullUrl")
        if full and entry.op in ("create", "update"):
            if found.get(full, stored) != stored:
                raise Invalid("Two entries have the same fullUrl.", where=f"{entry.where}.fullUrl")
            found[full] = stored
            tail = local("/".join(full.rsplit("/", 2)[-2:])) if "://" in full else None
            if tail is not None:
                plain[f"{tail[0]}/{tail[1]}"] = None if plain.get(f"{tail[0]}/{tail[1]}", stored) != stored else stored
        own = entry.resource.get("id") if entry.resource is not None else None
        if entry.op == "create" and isinstance(own, str):
            name = f"{entry.type}/{own}"
            plain[name] = None if plain.get(name, stored) != stored else stored
    for name, target in plain.items():
        if target is not None:
            found.setdefault(name, target)
    return found


def _inner_conditions(entries: tuple[Entry, ...], addresses: dict[str, str]) -> tuple[str, ...]:
    """Resolve conditions against the bundle itself; return those that need a look-up outside it."""
    outside: dict[str, None] = {}
    index = _by_identifier(entries)
    for entry in entries:
        if entry.condition:
            where = f"{entry.where}.request.ifNoneExist"
            if condition(entry.condition, where=where).kind not in LOOKED_UP:
                # For patients a condition would be a search, and a wrong match would mix two people's records.
                raise Invalid(f"ifNoneExist is taken for {', '.join(sorted(LOOKED_UP))} only.", where=where)
            outside[entry.condition] = None
        if entry.resource is None:
            continue
        for holder, key, at in holders(entry.resource, f"{entry.where}.resource"):
            text = holder[key]
            if key != "reference" or text in addresses or text in outside or not is_conditional(text):
                continue
            wanted = condition(text, where=at)
            matching = index.get((wanted.kind, wanted.system, wanted.value), set())
            if len(matching) > 1:
                raise Invalid("The conditional reference fits several entries of the bundle.", where=at)
            if matching:
                addresses[text] = f"{wanted.kind}/{next(iter(matching))}"
            elif wanted.kind in LOOKED_UP:
                outside[text] = None
            else:
                raise Invalid(
                    "The conditional reference fits no entry of the bundle, and only "
                    f"{', '.join(sorted(LOOKED_UP))} are looked up outside it.",
                    where=at,
                )
    return tuple(outside)


def _by_identifier(entries: tuple[Entry, ...]) -> dict[tuple[str, str | None, str], set[str]]:
    """(type, system, value) -> ids; system None stands for "whatever system". An index, so that a bundle of many
    conditions costs no more than its length."""
    index: dict[tuple[str, str | None, str], set[str]] = {}
    for entry in entries:
        for system, value in identifiers(entry.resource or {}):
            index.setdefault((entry.type, system, value), set()).add(entry.id)
            index.setdefault((entry.type, None, value), set()).add(entry.id)
    return index


def plan(
    draft: Draft,
    *,
    known: Mapping[str, str] | None = None,
    versions: Mapping[tuple[str, str], int] | None = None,
    now_ms: int | None = None,
    limit: int = RESOURCE_LIMIT,
) -> Plan:
    """The changes of a draft. `known`: condition -> `Type/id` found outside; `versions`: current version of each
    (type, id) in `draft.versions_needed`. Every fault of every entry is reported in one BadResource.
    """
    now = int(time.time() * 1000) if now_ms is None else now_ms
    found = dict(known or {})
    addresses = draft.addresses | {text: found[text] for text in draft.outside if text in found}
    # A create whose ifNoneExist found something stands for the stored resource; those who point at it follow.
    moved: dict[str, str] = {}
    entries: list[Entry] = []
    for entry in draft.entries:
        if entry.condition and entry.condition in found:
            stored = found[entry.condition]
            moved[f"{entry.type}/{entry.id}"] = stored
            entries.append(msgspec.structs.replace(entry, op="found", id=stored.partition("/")[2]))
        else:
            entries.append(entry)
    addresses = {text: moved.get(target, target) for text, target in addresses.items()}
    issues: list[Issue] = []
    made: list[tuple[int, int, Change]] = []
    for entry in entries:
        if entry.op not in ("create", "update", "delete"):
            continue
        try:
            made.append((_ORDER[entry.op], entry.index, _change(entry, addresses, versions or {}, now, limit)))
        except BadResource as bad:
            issues += bad.issues
        except TooLarge:
            raise
        except Invalid as bad:
            issues.append(Issue("invalid", bad.message, bad.where))
    if issues:
        raise BadResource(issues)
    made.sort(key=lambda one: one[:2])
    at = {index: position for position, (_, index, _) in enumerate(made)}
    return Plan(
        steps=tuple(Step(e.op, e.type, e.id, at.get(e.index, -1)) for e in entries),
        changes=tuple(change for _, _, change in made),
    )


def _change(
    entry: Entry, addresses: dict[str, str], versions: Mapping[tuple[str, str], int], now_ms: int, limit: int
) -> Change:
    expect = entry.expect or versions.get((entry.type, entry.id), 0)
    id_bytes = bytes.fromhex(entry.id)
    if entry.op == "delete":
        return Change("delete", entry.type, id_bytes, None, expect, b"")
    assert entry.resource is not None
    at = f"{entry.where}.resource" if entry.where else entry.type
    # Resolved first, so that the check sees what each reference really points at.
    resolve(entry.resource, at, addresses)
    check(entry.resource, at=at)
    try:
        patient = patient_of(entry.resource, own_id=id_bytes)
    except Invalid as bad:
        # patient_of speaks of Type.element; inside a bundle the path starts at the entry.
        raise Invalid(bad.message, where=at + bad.where.removeprefix(entry.type)) from None
    resource = keep_source_id(entry.resource) if entry.op == "create" else entry.resource
    text = body(resource, id_hex=entry.id, version=expect + 1, updated_ms=now_ms)
    if len(text) > limit + _STAMP:
        raise TooLarge(f"The resource is over the limit of {limit} bytes.", where=at)
    return Change(entry.op, entry.type, id_bytes, patient, expect, text)


def plan_parsed(
    resource: dict[str, Any],
    *,
    kind: str | None = None,
    id_hex: str | None = None,
    expect: int = 0,
    known: Mapping[str, str] | None = None,
    now_ms: int | None = None,
    limit: int = BUNDLE_LIMIT,
) -> Plan:
    """One resource: a create, or with `id_hex` an update built on version `expect`. `kind`: the type the url names.

    `known` resolves conditional references (`conditions_of` lists them). `limit`: bytes, where the reader has not held
    the resource against one already. Raises Invalid, BadResource, TooLarge.
    """
    own = known_type(resource.get("resourceType"))
    if kind is not None and own != kind:
        raise Invalid("The resource is of another type than the address.", where="resourceType")
    if id_hex is not None and resource.get("id") != id_hex:
        raise Invalid("The id in the resource must be the one in the address.", where=f"{own}.id")
    op: Op = "create" if id_hex is None else "update"
    entry = Entry(0, op, own, id_hex or new_id(), expect, resource, "")
    now = int(time.time() * 1000) if now_ms is None else now_ms
    change = _change(entry, dict(known or {}), {}, now, limit)
    return Plan(steps=(Step(op, own, entry.id, 0),), changes=(change,))


def conditions_of(resource: dict[str, Any]) -> tuple[str, ...]:
    """Conditional references in one resource that a look-up among the clinic's own resources may resolve."""
    kind = str(resource.get("resourceType"))
    wanted: dict[str, None] = {}
    for holder, key, at in holders(resource, kind):
        if key == "reference" and is_conditional(holder[key]):
            if condition(holder[key], where=at).kind not in LOOKED_UP:
                raise Invalid(f"Only {', '.join(sorted(LOOKED_UP))} are looked up by a condition.", where=at)
            wanted[holder[key]] = None
    return tuple(wanted)
