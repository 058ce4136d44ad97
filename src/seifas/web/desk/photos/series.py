"""A patient's photos as a page shows them: one shot, and series by body area and view. Pure, no I/O.

Rows are what the keeper's `photo.list` answers: the FHIR Media and the facts of the sealed Photo record beside it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.fhir.json_text import read
from seifas.records.plain import Resource, code_of, items, text_of, word

AREAS = {
    "face": "area-face", "forehead": "area-forehead", "eyes": "area-eyes", "nose": "area-nose", "lips": "area-lips",
    "chin": "area-chin", "ears": "area-ears", "neck": "area-neck", "scalp": "area-scalp", "breasts": "area-breasts",
    "abdomen": "area-abdomen", "back": "area-back", "arms": "area-arms", "hands": "area-hands",
    "buttocks": "area-buttocks", "thighs": "area-thighs", "legs": "area-legs", "feet": "area-feet",
}  # fmt: skip
"""What `bodySite.text` may be said in another language too; any other text is shown as it was written."""

VIEWS = {
    "front": "view-front", "left": "view-left", "right": "view-right", "left-oblique": "view-left-oblique",
    "right-oblique": "view-right-oblique", "top": "view-top", "back": "view-back", "other": "view-other",
}  # fmt: skip

SOURCES = {"desk": "source-desk", "capture": "source-capture", "import": "source-import"}
USES = {"teaching": "use-teaching", "publication": "use-publication"}

MOST_AREA = 80
MOST_NOTE = 1000
_DAY_LETTERS = 10
_EARLIEST = datetime.date(1970, 1, 2)


class Shot(msgspec.Struct, frozen=True):
    """One photo. `id` is 32 hex, `day` the ISO date it was taken (or came), `area` and `view` "" where nobody said."""

    id: str
    version: int
    area: str
    view: str
    note: str
    day: str
    taken_ms: int
    received_ms: int
    width: int
    height: int
    by: str
    source: str
    uses: tuple[str, ...]
    exif: tuple[tuple[str, str], ...] = ()


class Series(msgspec.Struct, frozen=True):
    """Photos of one area and view, newest first. `key` names it within a page."""

    key: str
    area: str
    view: str
    shots: tuple[Shot, ...]

    @property
    def newest(self) -> Shot:
        return self.shots[0]

    @property
    def oldest(self) -> Shot:
        return self.shots[-1]

    @property
    def between(self) -> tuple[Shot, ...]:
        """All but the newest and the oldest."""
        return self.shots[1:-1]


def shot_of(row: dict[str, Any]) -> Shot:
    """One row of `photo.list`."""
    media = read(row["media"], limit=len(row["media"]))
    taken = int(row.get("taken_ms") or 0)
    return Shot(
        id=row["photo"].hex(),
        version=int(row["version"]),
        area=text_of(media.get("bodySite")),
        view=code_of(media.get("view")),
        note=note_of(media),
        day=_day(media, taken or int(row["received_ms"])),
        taken_ms=taken,
        received_ms=int(row["received_ms"]),
        width=int(row["width"]),
        height=int(row["height"]),
        by=str(row.get("by", "")),
        source=str(row["source"]),
        uses=tuple(str(one["use"]) for one in row["uses"]),
        exif=tuple(sorted((str(name), str(value)) for name, value in row.get("exif", {}).items())),
    )


def note_of(media: Resource) -> str:
    """The notes of a Media, a line each."""
    return "\n".join(filter(None, (word(one.get("text")) for one in items(media.get("note")))))


def _day(media: Resource, ms: int) -> str:
    created = word(media.get("createdDateTime"))
    if created:
        return created[:_DAY_LETTERS]
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).date().isoformat()


def series_of(shots: Iterable[Shot]) -> list[Series]:
    """Series by area and view: what nobody described comes first, then the series that changed last."""
    groups: dict[tuple[str, str], list[Shot]] = {}
    for shot in shots:
        groups.setdefault((shot.area, shot.view), []).append(shot)
    made = [
        Series(f"s{number}", area, view, tuple(sorted(group, key=_when, reverse=True)))
        for number, ((area, view), group) in enumerate(groups.items())
    ]
    return sorted(made, key=lambda one: (bool(one.area), *(-part for part in _when(one.newest)[1:])))


def _when(shot: Shot) -> tuple[str, int, int]:
    return shot.day, shot.taken_ms or shot.received_ms, shot.received_ms


def found(shots: Iterable[Shot], ident: str) -> Shot | None:
    """The shot with this id."""
    return next((one for one in shots if one.id == ident), None)


def around(series: Series, ident: str) -> tuple[str, str]:
    """(older, newer) neighbour's id of a shot within its series, "" at an end."""
    ids = [one.id for one in series.shots]
    at = ids.index(ident)
    return ids[at + 1] if at + 1 < len(ids) else "", ids[at - 1] if at else ""


def photo_id(text: str) -> bytes:
    """A photo id out of a path or form. Raises Invalid."""
    if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
        return bytes.fromhex(text)
    raise Invalid("This is no photo's address.")


def camera_said(exif: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the camera wrote that a doctor may want: (key of the words, text). Everything else stays sealed."""
    wrote = dict(exif)
    maker, model = wrote.get("Make", ""), wrote.get("Model", "")
    named = model if maker and model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()
    lines = [
        ("exif-camera", named), ("exif-lens", wrote.get("LensModel", "")),
        ("exif-exposure", wrote.get("ExposureTime", "")),
        ("exif-aperture", f"f/{wrote['FNumber']}" if "FNumber" in wrote else ""),
        ("exif-iso", f"ISO {wrote['ISO']}" if "ISO" in wrote else ""),
        ("exif-focal", f"{wrote['FocalLength']} mm" if "FocalLength" in wrote else ""),
        ("exif-software", wrote.get("Software", "")),
    ]  # fmt: skip
    return [(key, text) for key, text in lines if text]


class Described(msgspec.Struct, frozen=True):
    """What a person says of a photo: area (text), view (a code of VIEWS or ""), note, and for a camera that did not
    say, the ISO date of the day it was taken or ""."""

    area: str = ""
    view: str = ""
    note: str = ""
    taken: str = ""


def described(sent: dict[str, str]) -> Described:
    """The description in a form's fields `area` (or, in other words, `area_other`), `view`, `note` and `taken`.
    Raises Invalid."""
    area = sent.get("area_other", "").strip() or sent.get("area", "").strip()
    view, note, taken = (sent.get(name, "").strip() for name in ("view", "note", "taken"))
    if len(area) > MOST_AREA or len(note) > MOST_NOTE or (view and view not in VIEWS):
        raise Invalid("The description is too long, or its view unknown.", where="described")
    try:
        known = not taken or datetime.date.fromisoformat(taken) >= _EARLIEST
    except ValueError:
        known = False
    if not known:
        raise Invalid("The day is not a date.", where="taken")
    return Described(area, view, note, taken)
