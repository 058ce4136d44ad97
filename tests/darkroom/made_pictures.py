"""Pictures out of numbers: like photos to codecs and to the watermark, and of nobody."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

Pixels = NDArray[np.uint8]


def scene(width: int, height: int, seed: int = 1) -> Pixels:
    """Smooth and fine structure and edges at all sizes; height x width x 3, blue, green, red."""
    rng = np.random.default_rng(seed)
    made = np.full((height, width, 3), 128, np.float32)
    for cells in (4, 12, 40, 120, 300):
        noise = rng.normal(0, 1, (max(2, cells * height // width), cells, 3)).astype(np.float32)
        made += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(60 / cells**0.5)
    for _ in range(60):
        colour = tuple(int(one) for one in rng.integers(20, 235, 3))
        middle = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(rng.integers(3, max(5, width // 12))), int(rng.integers(3, max(5, width // 12))))
        cv2.ellipse(made, middle, axes, float(rng.integers(180)), 0, 360, colour, -1, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(made, (0, 0), max(0.6, width / 3000)), 0, 255).astype(np.uint8)


def picture(width: int, height: int, seed: int = 1) -> Image.Image:
    """The same for Pillow."""
    return Image.fromarray(np.ascontiguousarray(scene(width, height, seed)[:, :, ::-1]))


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    body = io.BytesIO()
    image.save(body, kind, **options)
    return body.getvalue()


def jpeg(width: int = 640, height: int = 480, seed: int = 1, **options: Any) -> bytes:
    return encoded(picture(width, height, seed), "JPEG", quality=92, **options)


def png_of(width: int, height: int, *, body: bytes = b"", chunks: tuple[tuple[bytes, bytes], ...] = (),
           depth: int = 8, colour: int = 2) -> bytes:
    """A PNG by hand, whose header may say anything."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def exif(**fields: Any) -> bytes:
    """An EXIF block with the usual fields; `fields` are tags of the Exif directory, as `t0x9003="..."`."""
    made = Image.Exif()
    made[0x010F], made[0x0110] = "Fotoaparatai", "K-1"
    directory = {0x829A: IFDRational(1, 125), 0x9003: "2026:11:20 14:03:11"}
    directory.update({int(name[1:], 16): value for name, value in fields.items()})
    made._ifds[0x8769] = directory
    return made.tobytes()
