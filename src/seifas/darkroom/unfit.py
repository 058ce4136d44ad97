"""Why a file is not taken: one word each, the same in the worker's answer, `error.where` and the keeper's log."""

from __future__ import annotations

from typing import Final

from seifas.errors import Invalid, TooLarge

MOST_BYTES: Final = 50 * 1024 * 1024
MOST_PIXELS: Final = 108_000_000
"""12,000 x 9,000: what the largest cameras in a clinic's reach write (medium format, 108 MP telephones)."""

MOST_SIDE: Final = 30_000
LEAST_SIDE: Final = 32

SENTENCES: Final = {
    "empty": "The file is empty. Choose another one.",
    "not-a-picture": "This file is not a picture. JPEG, PNG, HEIC and WebP are taken.",
    "svg": "This is a drawing (SVG), not a photo. JPEG, PNG, HEIC and WebP are taken.",
    "gif": "GIF files are not taken. Save the picture as JPEG or PNG.",
    "unsupported": "Pictures of this kind are not taken. Save it as JPEG, PNG, HEIC or WebP.",
    "animated": "This is an animation or a film. Choose a single picture.",
    "truncated": "The picture is cut off: a part of the file is missing. Copy it from the camera again.",
    "damaged": "The picture is damaged and cannot be read. Copy it from the camera again.",
    "too-small": f"The picture is too small: a side has fewer than {LEAST_SIDE} pixels.",
    "too-large": "The file is over 50 MB. Save the picture smaller, or as JPEG.",
    "too-many-pixels": f"The picture has more than {MOST_PIXELS // 10**6} megapixels. Save it smaller.",
    "too-much-work": "The picture takes more work to read than any camera's picture does. Save it again as JPEG.",
}


class Unfit(Exception):
    """Raised in the worker. `word` is a key of `SENTENCES`."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def refusal(word: str) -> Invalid:
    """The error for a word; what a worker invents is "damaged"."""
    known = word if word in SENTENCES else "damaged"
    kind = TooLarge if known in ("too-large", "too-many-pixels") else Invalid
    return kind(SENTENCES[known], where=known)
