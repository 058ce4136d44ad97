"""The pages that a new clinic begins with: plain texts of our own, in the languages of the site, to be written over."""

from __future__ import annotations

import importlib.resources
import os
from pathlib import Path

_FOLDER = "site/starter"


def write_starter(data: Path, languages: tuple[str, ...]) -> int:
    """Writes DATA/site/<language>/*.md where there is no such folder yet; how many files. Readable by all: it is what
    the clinic publishes."""
    if (data / "site").exists():
        return 0
    written = 0
    for place in (data / "site", data / "site" / "files"):
        _made(place)
    source = importlib.resources.files("seifas.web").joinpath(_FOLDER)
    for language in languages:
        folder = source.joinpath(language)
        if not folder.is_dir():
            continue
        _made(data / "site" / language)
        for one in folder.iterdir():
            path = data / "site" / language / one.name
            path.write_bytes(one.read_bytes())
            os.chmod(path, 0o644)
            written += 1
    return written


def _made(folder: Path) -> None:
    folder.mkdir()
    os.chmod(folder, 0o755)  # noqa: S103 - published pages; the public process has a user of its own
