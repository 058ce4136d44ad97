"""Pictures that stand inside other records: refused when written, taken out of what is read.

A photo goes out marked for the session that looks at it, and only the darkroom marks. So no FHIR resource carries one:
not an Attachment, a Binary, an extension, a contained resource, a data: URL in a text. What is stored so already is
told without the bytes, and the resource says it is a part (SUBSETTED), lest writing it back lose them.

One exception, declared in docs/threat-model.md: the scan of a paper that was signed. It is a document, stored by the
desk together with the Consent that names it, and given to people, one by one, as the file that it is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Refused
from seifas.keeper import picture_bytes
from seifas.keeper.model import Entry, Head, Record
from seifas.keeper.picture_bytes import Room
from seifas.keeper.vault import Change, Vault

_WAY: Final = (
    "pictures are not stored inside other records: photos come in through the darkroom (the desk, or `seifas import "
    "photos`), which marks each look at them"
)
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_RUNS: Final = bytes.maketrans(_LETTERS, b"A" * len(_LETTERS))
_LONG: Final = b"A" * 40
# A text that begins with as much, in groups or lines of any length: a backslash begins what stands for a line's end.
_SPACED: Final = bytes.maketrans(_LETTERS + b" =\\", b"A" * (len(_LETTERS) + 3))
_BEGUN: Final = b'"' + _LONG
_WORDS: Final = (b"64binary\"", b"data:", b"svg", b"\\pict")
_BYTES: Final = frozenset({"data", "valueBase64Binary"})
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_=\s-]+\Z")
_MASKED: Final = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
}
_EMPTY_DIV: Final = '<div xmlns="http://www.w3.org/1999/xhtml"></div>'
_PART: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_SCANS: Final = frozenset({"jpeg", "png"})
_DOCUMENT: Final = re.compile(r"DocumentReference/([0-9a-f]{32})\Z")
_BINARY: Final = re.compile(r"Binary/([0-9a-f]{32})\Z")
# Numbers stay to the letter: FHIR counts the zeros of a decimal.
_exact: Final = msgspec.json.Decoder(float_hook=lambda text: msgspec.Raw(text.encode("ascii")))


def suspect(body: bytes) -> bool:
    """Whether a resource may carry a picture; most have nothing that long, and need not be taken apart."""
    if b'"data"' in body or _LONG in body.translate(_RUNS):  # 3 µs a KiB, where a pattern took 200
        return True
    if _BEGUN in body.translate(_SPACED) or b"\\u" in body:
        return True
    small = body.lower()
    return any(word in small for word in _WORDS)


def take_out(resource: dict[str, Any], room: Room | None = None) -> list[str]:
    """Takes every picture out of a resource, in place; the paths of where they stood (`Patient.photo[0].data`)."""
    room = room or Room()
    found: list[str] = []
    stack: list[tuple[Any, str]] = [(resource, str(resource.get("resourceType", "")))]
    while stack:
        value, path = stack.pop()
        if isinstance(value, dict):
            for key, inner in list(value.items()):
                if isinstance(inner, (dict, list)):
                    stack.append((inner, f"{path}.{key}"))
                elif isinstance(inner, str) and _is_picture(value, key, inner, room):
                    found.append(f"{path}.{key}")
                    _mask(value, key, inner, room)
        else:
            for index, inner in enumerate(value):
                if isinstance(inner, (dict, list)):
                    stack.append((inner, f"{path}[{index}]"))
                elif isinstance(inner, str) and _is_picture({}, "", inner, room):
                    found.append(f"{path}[{index}]")
                    value[index] = _kept(inner, room) or "-"
    return sorted(found)


def _is_picture(holder: dict[str, Any], key: str, text: str, room: Room) -> bool:
    if key == "data" and text and picture_bytes.seen(holder.get("contentType")):
        return True
    if key in _BYTES:
        return bool(picture_bytes.in_base64(text, room=room) or picture_bytes.in_text(text, 0, room))
    if len(text) < len(_LONG) and "<" not in text and "data:" not in text.lower():
        return False  # most texts
    return _is_one_whole(text, room) or bool(picture_bytes.in_text(text, 0, room))


def _is_one_whole(text: str, room: Room) -> bool:
    """Whether a text is nothing but a picture in base64, in lines or groups of any length."""
    if len(text) < len(_LONG) or _BASE64.match(text) is None:
        return False
    return bool(picture_bytes.in_base64(text, bare=False, room=room))


def _kept(text: str, room: Room) -> str:
    return "" if _is_one_whole(text, room) else picture_bytes.without_pictures(text, room)


def _mask(holder: dict[str, Any], key: str, text: str, room: Room) -> None:
    kept = "" if key in _BYTES else _kept(text, room)
    if kept.strip():
        holder[key] = kept
    elif key == "div":
        holder[key] = _EMPTY_DIV
    else:
        del holder[key]
        if not key.startswith("_"):
            beside = holder.get(f"_{key}")
            more = beside.get("extension") if isinstance(beside, dict) else None
            own = {"extension": [*(more if isinstance(more, list) else ()), *_MASKED["extension"]]}
            holder[f"_{key}"] = {**beside, **own} if isinstance(beside, dict) else own


def _read(body: bytes, where: str) -> Any:
    try:
        return _exact.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("the body is not JSON", where=where) from None


def withheld(body: bytes) -> bytes:
    """A stored resource as it may be shown: to the byte, or as a part of it without the pictures inside."""
    if not suspect(body):
        return body
    resource = _read(body, "")
    if not isinstance(resource, dict) or not take_out(resource):
        return body
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    tags = meta.get("tag")
    resource["meta"] = meta | {"tag": [*(tags if isinstance(tags, list) else ()), _PART]}
    return msgspec.json.encode(resource)


async def refuse(changes: Iterable[Change], *, person: bool) -> None:
    """Raises Refused, naming where the picture stands. A person may store the scan of a paper, with all that belongs to
    it in the same request. Others go on between two resources: one may take half a second, a request has many."""
    suspects = [change for change in changes if change.op != "delete" and suspect(change.body)]
    allowed: set[str] = set()
    if person and any(change.type == "Binary" for change in suspects):
        allowed = scans(
            _read(one.body, one.type) for one in changes
            if one.op != "delete" and one.type in ("Consent", "DocumentReference")
        )
    room = Room()
    for change in suspects:
        await asyncio.sleep(0)
        resource = _read(change.body, change.type)
        if change.type == "Binary" and change.id.hex() in allowed and _is_scan(resource):
            continue
        found = take_out(resource, room) if isinstance(resource, dict) else []
        if found:
            raise Refused(_WAY, where=found[0])


def scans(resources: Iterable[Any]) -> set[str]:
    """The ids of the Binaries that are papers of a Consent: it names a DocumentReference, and that names them."""
    papers: set[str] = set()
    files: dict[str, set[str]] = {}
    for one in resources:
        if not isinstance(one, dict):
            continue
        if one.get("resourceType") == "Consent":
            papers |= _pointed(one.get("sourceReference"), "reference", _DOCUMENT)
        else:
            contents = one.get("content")
            named = files.setdefault(str(one.get("id")), set())
            for content in contents if isinstance(contents, list) else ():
                if isinstance(content, dict):
                    named |= _pointed(content.get("attachment"), "url", _BINARY)
    return {ident for paper in papers for ident in files.get(paper, ())}


def _pointed(holder: Any, key: str, form: re.Pattern[str]) -> set[str]:
    text = holder.get(key) if isinstance(holder, dict) else None
    match = form.match(text) if isinstance(text, str) else None
    return {match[1]} if match is not None else set()


def _is_scan(resource: Any) -> bool:
    if not isinstance(resource, dict) or not isinstance(resource.get("data"), str):
        return False
    rest = {key: value for key, value in resource.items() if key != "data"}
    return picture_bytes.in_base64(resource["data"]) in _SCANS and not take_out(rest)


def of_record(vault: Vault, head: Head, record: Record, entry: Entry) -> bytes:
    """The body of a record for a person who may have the patient's papers: as `withheld`, scans whole."""
    body = withheld(record.body)
    if body is record.body or entry.type != "Binary":
        return body
    papers = scans(
        msgspec.json.decode(vault.record(head, one).body)
        for one in vault.manifest(head).values()
        if not one.deleted and one.type in ("Consent", "DocumentReference")
    )
    return record.body if entry.id.hex() in papers and _is_scan(_read(record.body, "Binary")) else body
