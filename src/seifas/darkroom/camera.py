"""What the camera wrote (EXIF 3.0), as a few short texts: named fields only, no place, no maker's notes, no pictures.

The place (GPS) is left out on purpose: a clinic needs no map of where its patients were photographed. The original
bytes, which nobody is ever shown, keep everything.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

LONGEST_TEXT: Final = 200
_TAKEN: Final = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d", re.ASCII)

FIELDS: Final = {
    0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0112: "Orientation", 0x0131: "Software",
    0x0132: "DateTime", 0x013B: "Artist", 0x8298: "Copyright", 0x829A: "ExposureTime", 0x829D: "FNumber",
    0x8822: "ExposureProgram", 0x8827: "ISO", 0x9003: "DateTimeOriginal", 0x9004: "DateTimeDigitized",
    0x9010: "OffsetTime", 0x9011: "OffsetTimeOriginal", 0x9012: "OffsetTimeDigitized", 0x9203: "BrightnessValue",
    0x9204: "ExposureBias", 0x9205: "MaxAperture", 0x9206: "SubjectDistance", 0x9207: "MeteringMode",
    0x9208: "LightSource", 0x9209: "Flash", 0x920A: "FocalLength", 0x9291: "SubSecTimeOriginal",
    0xA001: "ColorSpace", 0xA402: "ExposureMode", 0xA403: "WhiteBalance", 0xA404: "DigitalZoom",
    0xA405: "FocalLength35mm", 0xA406: "SceneCaptureType", 0xA420: "ImageUniqueID", 0xA431: "BodySerialNumber",
    0xA432: "LensSpecification", 0xA433: "LensMake", 0xA434: "LensModel", 0xA435: "LensSerialNumber",
}  # fmt: skip
"""Tags of the first and the Exif directory that are kept, by name."""


def fields_of(*directories: Mapping[int, Any]) -> dict[str, str]:
    """The known fields as texts of at most 200 characters, without control characters. Never raises on values."""
    found: dict[str, str] = {}
    for directory in directories:
        for tag, name in FIELDS.items():
            if tag in directory and name not in found:
                text = _text(directory[tag], name)
                if text:
                    found[name] = text
    return found


def taken(fields: Mapping[str, str]) -> tuple[str, str]:
    """When the picture was taken: ("2026-11-22T14:03:11", "+02:00"), local time and its offset, each "" if unknown."""
    for name, offset in (
        ("DateTimeOriginal", "OffsetTimeOriginal"), ("DateTimeDigitized", "OffsetTimeDigitized"),
        ("DateTime", "OffsetTime"),
    ):  # fmt: skip
        found = _TAKEN.match(fields.get(name, ""))
        if found is not None and found[1] >= "1990":
            year, month, day, hour, minute, second = found.groups()
            known = _OFFSET.fullmatch(fields.get(offset, ""))
            return f"{year}-{month}-{day}T{hour}:{minute}:{second}", known[0] if known is not None else ""
    return "", ""


def _text(value: Any, name: str) -> str:
    if isinstance(value, bytes):
        value = value.split(b"\x00", 1)[0].decode("utf-8", "replace")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple | list):
        return clean(" ".join(_text(one, name) for one in value[:8]))
    return _number(value, name)


def _number(value: Any, name: str) -> str:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return ""
    if not math.isfinite(number):
        return ""
    if name == "ExposureTime" and 0 < number < 1:
        return str(Fraction(1, max(1, round(1 / number)))) + " s"
    return f"{number:.6g}"


def clean(text: str) -> str:
    """Without control and formatting characters (which reverse or hide text), single-spaced, at most 200 long."""
    shown = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in text[: 4 * LONGEST_TEXT])
    return " ".join(shown.split())[:LONGEST_TEXT]
