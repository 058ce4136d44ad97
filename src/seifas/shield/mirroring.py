"""A copy of a site as files, to be put on any plain web server: `seifas shield mirror URL DIRECTORY`.

Pages become `path/index.html`, links within the site stay as they lead from its root, absolute ones to the site itself
become such; forms stay in the pages and lead nowhere. Nothing outside of the directory is written: names come from
strangers' links.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from seifas.errors import Invalid
from seifas.shield.crawling import Answered, Bounds, over, text_of, walk

_TEXTS: Final = frozenset({"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"})
_PART: Final = re.compile(r"[^\w.,@~()+ -]", re.ASCII)
_LONGEST: Final = 120


class Mirrored(msgspec.Struct, frozen=True):
    """What was written, and what the site did not give: `missing` are paths with the status that came."""

    files: int
    bytes: int
    missing: tuple[tuple[str, int], ...]
    whole: bool  # false where a bound ended it


def mirror(url: str, directory: Path, *, bounds: Bounds = Bounds(answers=5000, seconds=1800.0)) -> Mirrored:  # noqa: B008
    """Writes the site at `url` into an empty or new `directory`. Raises Invalid for another scheme, a directory that
    holds something, or a site that does not answer."""
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise Invalid("this is no empty directory: choose another", where=str(directory))
    fetch = over(url, bounds=bounds)
    parts = urlsplit(url)
    directory.mkdir(parents=True, exist_ok=True)
    own = re.compile(rf"(?:https?:)?//{re.escape(parts.netloc)}(?=([/\"'\s)?#<\\]|$))", re.IGNORECASE)
    written: dict[Path, str] = {}
    size = asked = 0
    missing = []
    for answer in walk(fetch, (parts.path or "/",), url=url, bounds=bounds):
        asked += 1
        if answer.status != 200:
            if answer.status >= 400:
                missing.append((answer.path, answer.status))
            continue
        place = directory / file_of(answer)
        if place in written:
            continue
        body = _rooted(answer, own) if answer.kind in _TEXTS else answer.body
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        written[place] = hashlib.sha256(body).hexdigest()
        size += len(body)
    if not written:
        raise Invalid("the site gave no page: is the address right, and is the site there?", where=url)
    sums = "".join(f"{digest}  {place.relative_to(directory)}\n" for place, digest in sorted(written.items()))
    (directory / "SHA256SUMS").write_text(sums)
    return Mirrored(len(written), size, tuple(missing), asked < bounds.answers and size < bounds.bytes)


def file_of(answer: Answered) -> Path:
    """Where an answer goes, relative to the directory: each part of its path as a plain name, never upwards."""
    path = answer.path.partition("?")[0]
    parts = [_named(part) for part in unquote(path).split("/") if part not in ("", ".", "..")]
    if answer.kind == "text/html" and not (parts and parts[-1].lower().endswith((".html", ".htm"))):
        return Path(*parts, "index.html")
    if path.endswith("/") or not parts:
        return Path(*parts, "index")
    return Path(*parts)


def _named(part: str) -> str:
    name = _PART.sub("_", part)
    if name.startswith("."):
        name = "_" + name[1:]
    if len(name) > _LONGEST:
        stem, dot, end = name.rpartition(".")
        end = end[:10] if dot else ""
        name = f"{(stem or name)[: _LONGEST - 30]}-{hashlib.sha256(part.encode()).hexdigest()[:12]}{dot}{end}"
    return name


def _rooted(answer: Answered, own: re.Pattern[str]) -> bytes:
    named = answer.header("content-type").lower()
    if "charset=" in named and "utf-8" not in named:
        return answer.body  # its encoding is said by a header that a file does not have; its bytes stay as they are
    text = text_of(answer)
    return own.sub(lambda found: "" if found[1] == "/" else "/", text).encode() if "�" not in text else answer.body
