"""Reads advisories in the OSV format (https://ossf.github.io/osv-schema/): one JSON object, a list, lines, or a ZIP of
objects as osv.dev hands them out; and says which concern a package of one version.

Read as strangers' input: bounded, and refused with the place of what is wrong.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from packaging.version import InvalidVersion, Version

from seifas.errors import Invalid, TooLarge

ECOSYSTEM: Final = "PyPI"
_LARGEST: Final = 512 * 1024 * 1024
_LARGEST_ENTRY: Final = 8 * 1024 * 1024
_MOST: Final = 500_000


class Event(msgspec.Struct, frozen=True):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None


class Range(msgspec.Struct, frozen=True):
    type: str = ""
    events: tuple[Event, ...] = ()


class Package(msgspec.Struct, frozen=True):
    ecosystem: str = ""
    name: str = ""


class Affected(msgspec.Struct, frozen=True):
    package: Package | None = None
    ranges: tuple[Range, ...] | None = None
    versions: tuple[str, ...] | None = None


class Advisory(msgspec.Struct, frozen=True):
    """`id` and `modified` are all that the schema asks for; what else stands in it is passed over."""

    id: str
    modified: str
    affected: tuple[Affected, ...] | None = None
    withdrawn: str | None = None
    aliases: tuple[str, ...] | None = None


class _Listed(msgspec.Struct, frozen=True):
    vulns: tuple[Advisory, ...]


_IS_LIST: Final = re.compile(rb'\{\s*"vulns"')
_one = msgspec.json.Decoder(Advisory)
_several = msgspec.json.Decoder(tuple[Advisory, ...])
_listed = msgspec.json.Decoder(_Listed)


def read(path: Path) -> Iterator[Advisory]:
    """Every advisory of a file. Raises Invalid, TooLarge."""
    try:
        if path.stat().st_size > _LARGEST:
            raise TooLarge("this file is larger than advisories are", where=str(path))
        if zipfile.is_zipfile(path):
            yield from _zipped(path)
            return
        raw = path.read_bytes()
    except OSError as error:
        raise Invalid(f"the file of advisories cannot be read ({error.strerror})", where=str(path)) from error
    yield from _decoded(raw, str(path))


def _zipped(path: Path) -> Iterator[Advisory]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if one.filename.endswith(".json")]
            if not entries:
                raise Invalid("there is no advisory in this archive", where=str(path))
            if len(entries) > _MOST:
                raise TooLarge("there are more advisories in it than there are", where=str(path))
            for entry in entries:
                if entry.file_size > _LARGEST_ENTRY:
                    raise TooLarge("an advisory is larger than any can be", where=entry.filename)
                with archive.open(entry) as file:
                    raw = file.read(_LARGEST_ENTRY + 1)
                if len(raw) > _LARGEST_ENTRY:
                    raise TooLarge("an advisory is larger than any can be", where=entry.filename)
                yield from _decoded(raw, entry.filename)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise Invalid("this archive cannot be read: fetch it again", where=str(path)) from error


def _decoded(raw: bytes, where: str) -> Iterable[Advisory]:
    text = raw.lstrip()
    try:
        if text.startswith(b"["):
            return _several.decode(text)
        if text.startswith(b"{"):
            lines = text.splitlines()
            if len(lines) > 1 and lines[0].rstrip().endswith(b"}"):
                return [_one.decode(line) for line in lines if line.strip()]
            return _listed.decode(text).vulns if _IS_LIST.match(text) else (_one.decode(text),)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"this is no advisory in the OSV format: {error}", where=where) from error
    raise Invalid("this is no advisory in the OSV format: no JSON object or list", where=where)


def folded(name: str) -> str:
    """A package's name as PyPI compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def concerns(advisory: Advisory, name: str, version: str) -> tuple[bool, str]:
    """(whether it concerns this version of the package, the first version that mends it or "")."""
    if advisory.withdrawn:
        return False, ""
    try:
        ours = Version(version)
    except InvalidVersion:
        return False, ""
    hit, mended = False, ""
    for one in advisory.affected or ():
        if one.package is None or one.package.ecosystem != ECOSYSTEM or folded(one.package.name) != folded(name):
            continue
        inside = [end for span in one.ranges or () if (end := _inside(span, ours)) is not None]
        if inside or any(_same(text, ours) for text in one.versions or ()):
            hit = True
            mended = next((found for found in inside if found), mended)
    return hit, mended


def _inside(found: Range, ours: Version) -> str | None:
    """None outside of a range; inside the version that ends it, "" where none does (OSV schema, "Evaluation")."""
    if found.type not in ("ECOSYSTEM", "SEMVER"):
        return None
    steps: list[tuple[Version, int, str]] = []
    for event in found.events:
        for number, text in enumerate((event.introduced, event.last_affected, event.fixed)):
            if text is not None and (parsed := _version(text)) is not None:
                steps.append((parsed, number, text))
    within = False
    for at, number, text in sorted(steps, key=lambda step: step[:2]):
        if number == 0 and at <= ours:
            within = True
        elif (number == 1 and at < ours) or (number == 2 and at <= ours):
            within = False
        elif number == 2 and within and at > ours:
            return text
    return "" if within else None


def _version(text: str) -> Version | None:
    try:
        return Version("0.dev0" if text == "0" else text)
    except InvalidVersion:
        return None


def _same(text: str, ours: Version) -> bool:
    return _version(text) == ours

