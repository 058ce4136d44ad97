"""The public pages as bytes that HAProxy holds: what strangers get while a flood lasts, with no application behind.

A page is taken as anyone gets it without cookies, and only if its answer says that anyone may keep it (no no-store,
private or no-cache, and no cookie set). Forms, the gallery, the portal say no-store and so stay out: they are reached
through the challenge. HAProxy reads the files when it starts or is told to load anew, and takes none that is larger
than its buffer (tune.bufsize); larger ones go through its cache instead.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import Invalid
from seifas.shield.crawling import Answered, Bounds, Fetch, walk

log = logging.getLogger("seifas.shield")

MOST_BYTES: Final = 28 * 1024
"""Of one file: tune.bufsize is 32 KiB, and the head has to fit beside it."""

MOST: Final = 300
INDEX: Final = "index.json"
_KINDS: Final = frozenset({
    "text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "image/svg+xml", "image/x-icon",
    "image/png", "image/jpeg", "image/webp", "application/manifest+json",
})
_PACKED: Final = frozenset({"text/html", "text/css", "text/plain", "text/javascript", "application/javascript",
                            "image/svg+xml", "application/manifest+json"})
_PASSED: Final = frozenset({
    "content-security-policy", "content-language", "referrer-policy", "x-content-type-options", "x-frame-options",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "location", "x-robots-tag",
})


class Shot(msgspec.Struct, frozen=True):
    """One answer that HAProxy can give. `packed`: the same as gzip, for those who take it; `file` is "" where only the
    packed one fits. `language`: for visitors who read it ("": for all); of several with one path the first counts."""

    path: str
    status: int
    file: str
    packed: str
    kind: str
    language: str
    headers: tuple[tuple[str, str], ...]


def take(
    fetch: Fetch, start: Sequence[str], directory: Path, *, url: str, languages: tuple[str, ...] = (),
    bounds: Bounds = Bounds(answers=600, bytes=64 * 2**20, seconds=60.0),  # noqa: B008 - frozen
) -> bool:
    """Takes the site's pages into `directory`; whether anything differs from what lay there. The old ones stay where
    the first page does not answer: a site that is down keeps its last pages. Raises OSError."""
    shots: list[Shot] = []
    bodies: dict[str, bytes] = {}
    for path in ("/",) if languages else ():
        for language in languages:
            page = fetch(f"/{language}/")
            if page is not None and _is_public(page):
                _add(shots, bodies, page, path, language)
    for answer in walk(fetch, tuple(start), url=url, bounds=bounds):
        if len(shots) >= MOST:
            break
        if _is_public(answer):
            _add(shots, bodies, answer, answer.path, "")
    if not any(shot.kind.startswith("text/html") for shot in shots):
        return False
    return _put(directory, tuple(shots), bodies)


def read(directory: Path) -> tuple[Shot, ...]:
    """What was taken; none where nothing was. Raises Invalid for a directory that this module did not write."""
    try:
        shots = msgspec.json.decode((directory / INDEX).read_bytes(), type=tuple[Shot, ...])
    except FileNotFoundError:
        return ()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(f"the snapshot's index cannot be read: {error}; take it anew", where=str(directory)) from error
    for shot in shots:
        for name in (shot.file, shot.packed):
            if name and (name != Path(name).name or not (directory / name).is_file()):
                raise Invalid(f"the snapshot has no file {name}; take it anew", where=str(directory))
    return shots


def held(directory: Path) -> tuple[Shot, ...]:
    """The same for a front that has to start whatever lies there: none where that is broken. It is taken anew."""
    try:
        return read(directory)
    except Invalid as error:
        log.error("the pages for a siege cannot be read", extra={"error": type(error).__name__})
        return ()


def _is_public(answer: Answered) -> bool:
    if answer.status not in (200, 301, 302, 303, 307, 308) or ("?" in answer.path and answer.kind == "text/html"):
        return False
    if answer.status != 200:
        return answer.header("location").startswith("/") and not answer.header("set-cookie")
    rules = {part.strip().partition("=")[0].lower() for part in answer.header("cache-control").split(",")}
    if {"no-store", "private", "no-cache"} & rules or answer.header("set-cookie"):
        return False
    return answer.kind in _KINDS


def _add(shots: list[Shot], bodies: dict[str, bytes], answer: Answered, path: str, language: str) -> None:
    name = hashlib.sha256(answer.body).hexdigest()[:24]
    packed = gzip.compress(answer.body, 9, mtime=0) if answer.kind in _PACKED and len(answer.body) > 600 else b""
    fits, packs = len(answer.body) <= MOST_BYTES, bool(packed) and len(packed) <= MOST_BYTES
    if not fits and not packs:
        return
    if fits:
        bodies[name] = answer.body
    if packs:
        bodies[f"{name}.gz"] = packed
    headers = tuple((key, value) for key, value in answer.headers if key in _PASSED and value.isprintable())
    path = path.partition("?")[0]  # of what a page loads, the newest is there: a query only names the version
    file, gz = name if fits else "", f"{name}.gz" if packs else ""
    # A redirect may say no kind; HAProxy takes none that is empty.
    kind = answer.header("content-type") or "text/plain"
    if not (kind.isprintable() and path.isprintable()):  # no configuration can say it
        return
    shots.append(Shot(path, answer.status, file, gz, kind, language, headers))


def _put(directory: Path, shots: tuple[Shot, ...], bodies: dict[str, bytes]) -> bool:
    index = msgspec.json.encode(shots)
    with contextlib.suppress(OSError):
        # Files that a power cut left empty are none.
        whole = all((directory / name).stat().st_size == len(body) for name, body in bodies.items())
        if whole and (directory / INDEX).read_bytes() == index:
            return False
    new, old = directory.with_name(directory.name + ".new"), directory.with_name(directory.name + ".old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir(mode=0o755, parents=True)
    for name, body in bodies.items():
        (new / name).write_bytes(body)
    (new / INDEX).write_bytes(index)
    with contextlib.suppress(FileNotFoundError):
        os.rename(directory, old)
    os.rename(new, directory)
    shutil.rmtree(old, ignore_errors=True)
    return True
