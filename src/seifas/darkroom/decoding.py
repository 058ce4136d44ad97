"""Turns a file into pixels. Runs only in an intake worker: everything here may be broken into by the file it reads.

JPEG, PNG and WebP by Pillow, HEIC by libheif; each plugin is called by name, so that no other codec of theirs is ever
reached. The size is read and held against the limits before a pixel is decoded.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Final

import msgspec
import pi_heif  # type: ignore[import-untyped]
from PIL import Image, ImageCms, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from seifas.darkroom import camera
from seifas.darkroom.imaging.scaling import within_area
from seifas.darkroom.recognising import is_cut, recognised
from seifas.darkroom.unfit import LEAST_SIDE, MOST_BYTES, MOST_PIXELS, MOST_SIDE, Unfit

MOST_SENT: Final = 24_000_000
"""Pixels of a decoded picture: what the largest rendition has. The original bytes keep the rest."""

_MOST_PROFILE: Final = 4 * 1024 * 1024
_TURNS: Final = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,), 4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,), 6: (Image.Transpose.ROTATE_270,), 7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}  # fmt: skip
_SPACES: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_LOADED_FOR_EXIF: Final = TiffImagePlugin  # Pillow imports it on first use, when a worker can open no file any more
_SRGB: Final = ImageCms.createProfile("sRGB")

ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
pi_heif.options.DECODE_THREADS = 1
pi_heif.options.THUMBNAILS = False
pi_heif.options.DEPTH_IMAGES = False
pi_heif.options.AUX_IMAGES = False


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the worker says of a picture. `width` and `height` are the original's with its orientation applied,
    `pixel_width` and `pixel_height` those of the RGB bytes that follow; `taken` and `offset` as `camera.taken`."""

    format: str
    width: int
    height: int
    pixel_width: int
    pixel_height: int
    exif: dict[str, str]
    taken: str
    offset: str


def decoded(data: bytes) -> tuple[Header, Image.Image]:
    """The header and an RGB image in sRGB, upright, of at most 24 megapixels. Raises Unfit."""
    if len(data) > MOST_BYTES:
        raise Unfit("too-large")
    kind = recognised(data)
    try:
        picture = _opened(kind, data)
        width, height = picture.size
        if kind == "jpeg" and width * height > 4 * MOST_SENT:
            picture.draft(None, (width // 2, height // 2))  # decoded at half the size, by the codec
        exif = _exif_of(picture)
        turn = exif.get(0x0112) if kind != "heic" else None  # libheif has turned it already
        picture = _shrunk(_coloured(_loaded(picture)), width, height)
        picture = _in_srgb(picture)
        for step in _TURNS.get(turn, ()) if isinstance(turn, int) else ():
            picture = picture.transpose(step)
            if step not in (
                Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM
            ):
                width, height = height, width
    except Unfit:
        raise
    except MemoryError:
        raise Unfit("too-much-work") from None
    except (
        OSError, ValueError, SyntaxError, RuntimeError, EOFError, KeyError, IndexError, TypeError, OverflowError,
        AttributeError, ArithmeticError, struct.error, zlib.error, Image.DecompressionBombError,
    ):  # what the codecs raise on files that are not what they claim
        raise Unfit("truncated" if is_cut(kind, data) else "damaged") from None
    fields = camera.fields_of(exif, _directory(exif))
    moment, offset = camera.taken(fields)
    return Header(kind, width, height, picture.width, picture.height, fields, moment, offset), picture


def _opened(kind: str, data: bytes) -> Image.Image:
    """The picture with its size known and nothing decoded."""
    if kind == "heic":
        return _heic(data)
    plugin: Any = {
        "jpeg": JpegImagePlugin.JpegImageFile, "png": PngImagePlugin.PngImageFile,
        "webp": WebPImagePlugin.WebPImageFile,
    }[kind]  # fmt: skip
    picture: Image.Image = plugin(io.BytesIO(data))
    _within_limits(*picture.size)
    if getattr(picture, "n_frames", 1) > 1 or getattr(picture, "is_animated", False):
        raise Unfit("animated")
    return picture


def _heic(data: bytes) -> Image.Image:
    found = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    primary = found[found.primary_index]
    _within_limits(*primary.size)
    made: Image.Image = primary.to_pillow()
    return made


def _within_limits(width: int, height: int) -> None:
    if width < LEAST_SIDE or height < LEAST_SIDE:
        raise Unfit("too-small")
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise Unfit("too-many-pixels")


def _loaded(picture: Image.Image) -> Image.Image:
    picture.load()
    return picture


def _exif_of(picture: Image.Image) -> Any:
    try:
        return picture.getexif()
    except Exception:  # a broken block of the camera's is no reason to lose the picture
        return {}


def _directory(exif: Any) -> Any:
    try:
        return exif.get_ifd(0x8769)
    except Exception:  # likewise
        return {}


def _coloured(picture: Image.Image) -> Image.Image:
    """RGB, L or CMYK, eight bits, on white where it was transparent."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I") or picture.mode == "F":
        made = _eight_bits(picture)
    elif picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        made = Image.new("RGB", picture.size, (255, 255, 255))
        made.paste(clear, mask=clear.getchannel("A"))
    elif picture.mode in ("RGB", "L", "CMYK"):
        made = picture
    else:
        made = picture.convert("RGB")
    made.info = {"icc_profile": profile} if profile else {}
    return made


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode == "F":
        return picture.convert("L")
    wide = picture.convert("I")
    return wide.point(lambda value: value / 257).convert("L")


def _shrunk(picture: Image.Image, width: int, height: int) -> Image.Image:
    """At most 24 megapixels, before anything that costs by the pixel."""
    size = within_area(width, height, MOST_SENT)
    if picture.width * picture.height <= MOST_SENT:
        return picture
    made = picture.resize(size, Image.Resampling.BOX, reducing_gap=None)
    made.info = picture.info
    return made


def _in_srgb(picture: Image.Image) -> Image.Image:
    """By the picture's own profile; without a usable one it is taken for sRGB, as browsers do."""
    profile = picture.info.get("icc_profile")
    if isinstance(profile, bytes) and 128 <= len(profile) <= _MOST_PROFILE:
        try:
            known = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if known.profile.xcolor_space.strip() == _SPACES[picture.mode] and not _is_srgb(known):
                made = ImageCms.profileToProfile(picture, known, _SRGB, outputMode="RGB")
                if made is not None:
                    return made
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError, KeyError, AttributeError):
            pass
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    told = profile.profile.profile_description or ""
    return told.startswith(("sRGB", "c2ci"))
