"""PDF: the text of each page, and the pictures on it. By pypdf; what a page breaks costs that page."""

from __future__ import annotations

import importlib
import io
import logging
import pkgutil
from collections.abc import Iterator
from typing import Any, Final

import pypdf
from PIL import Image, Jpeg2KImagePlugin
from pypdf.generic import IndirectObject, StreamObject

from seifas.darkroom.imaging.scaling import within_area
from seifas.leaks.reading import pictures
from seifas.leaks.reading.pieces import Piece, Prose, Unfit, Unread
from seifas.leaks.reading.texts import split, wrapped

_MOST_PAGES: Final = 20_000
_MOST_PICTURES: Final = 2_000
_MOST_PIXELS: Final = 60_000_000
_SENT: Final = 24_000_000
_LEAST_SIDE: Final = 32
_DEEPEST: Final = 6
_LOADED_FOR_SCANS: Final = Jpeg2KImagePlugin  # Pillow imports it on first use, when a worker can open no file any more

# pypdf imports parts of itself on first use, likewise; its makers of keys it has chosen among by now.
for _part in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
    if "._crypt_providers." not in _part.name:
        importlib.import_module(_part.name)

_ENDING: Final = b"\nstartxref\n0\n%%EOF\n"
"""Put after a file whose end is gone, it makes pypdf look for the objects one by one."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # it would quote the file


def read(source: str, data: bytes) -> Iterator[Piece]:
    """Prose for each page, and its pictures. Raises Unfit for what cannot be opened at all."""
    document = _opened(data)
    if document is None:
        document = _opened(data + _ENDING)
        if document is None:
            raise Unfit("damaged")
        yield Unread(source, "truncated")
    count = len(document.pages)
    seen: set[int] = set()
    for number in range(min(count, _MOST_PAGES)):
        name = f"{source}#page-{number + 1}"
        try:
            page = document.pages[number]
        except Exception:
            yield Unread(name, "damaged")
            continue
        found = False
        for piece in _page(name, page, seen):
            found = True
            yield piece
        if not found:
            yield Unread(name, "no-text")
        # What a page was parsed into is not needed again, and would add up.
        if number % 50 == 49:
            document.resolved_objects.clear()
    if count > _MOST_PAGES:
        yield Unread(source, "too-large")
    if count == 0:
        yield Unread(source, "no-text")


def _opened(data: bytes) -> pypdf.PdfReader | None:
    """The document with its pages known, or None. Raises Unfit for one with a password."""
    try:
        document = pypdf.PdfReader(io.BytesIO(data), strict=False, root_object_recovery_limit=10_000)
        if document.is_encrypted and not document.decrypt(""):
            raise Unfit("encrypted")
        return document if len(document.pages) >= 0 else None
    except (Unfit, MemoryError):
        raise
    except Exception:  # pypdf raises whatever the file makes it raise
        return None


def _page(name: str, page: Any, seen: set[int]) -> Iterator[Piece]:
    try:
        lines = list(wrapped(split((page.extract_text() or "").replace("\x00", ""))))
    except MemoryError:
        raise
    except Exception:
        lines = []
        yield Unread(name, "damaged")
    if any(line.strip() for line in lines):
        yield Prose(name, lines)
    pictured = 0
    try:
        for picture in _pictures(page.get("/Resources"), seen, 0):
            pictured += 1
            yield _picture(f"{name}/picture-{pictured}", picture)
    except MemoryError:
        raise
    except Exception:
        yield Unread(name, "damaged")


def _pictures(resources: Any, seen: set[int], depth: int) -> Iterator[StreamObject]:
    """The pictures of a page and of the forms on it; each once in the document."""
    resources = _plain(resources)
    objects = _plain(resources.get("/XObject")) if isinstance(resources, dict) else None
    if not isinstance(objects, dict) or depth > _DEEPEST:
        return
    for key in list(objects)[:_MOST_PICTURES]:
        held = objects.raw_get(key) if hasattr(objects, "raw_get") else objects[key]
        if isinstance(held, IndirectObject):
            if held.idnum in seen:
                continue
            seen.add(held.idnum)
        one = _plain(held)
        if not isinstance(one, StreamObject):
            continue
        if one.get("/Subtype") == "/Image":
            if len(seen) < 100_000:
                yield one
        elif one.get("/Subtype") == "/Form":
            yield from _pictures(one.get("/Resources"), seen, depth + 1)


def _plain(value: Any) -> Any:
    return value.get_object() if isinstance(value, IndirectObject) else value


def _picture(name: str, one: StreamObject) -> Piece:
    try:
        width, height = int(one.get("/Width", 0)), int(one.get("/Height", 0))
        if min(width, height) < _LEAST_SIDE:
            return Unread(name, "too-small")
        if width * height > _MOST_PIXELS:
            return Unread(name, "too-large")
        kind = _plain(one.get("/Filter"))
        last = str(_plain(kind[-1])) if isinstance(kind, list) and kind else str(kind)
        if last in ("/DCTDecode", "/DCT"):
            return pictures.of_bytes(name, one.get_data())
        picture = one.decode_as_image()
        if not isinstance(picture, Image.Image):
            return Unread(name, "damaged")
        if picture.width * picture.height > _SENT:
            picture = picture.resize(within_area(picture.width, picture.height, _SENT), Image.Resampling.BOX)
        return pictures.of_image(name, picture)
    except MemoryError:
        raise
    except Exception:
        return Unread(name, "damaged")
