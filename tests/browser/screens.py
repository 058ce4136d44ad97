"""Pictures of every page, for people to look at: both languages, both themes, telephone, tablet and desktop.

    .venv/bin/python tests/browser/screens.py [words of page names ...]

writes build/screens/<width>-<language>-<theme>/<page>.png of a demo clinic that is built, served and removed again.
With words only the pages whose names hold one of them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "darkroom"))
sys.path.insert(0, str(Path(__file__).parent))

import walking
from browsing import launched
from playwright.sync_api import Error
from walked_clinic import furnished
from walked_pages import visits
from walking import Clinic, Walker

from seifas.drill.stage import Stage, staged

WIDTHS = (390, 820, 1440)
FOLDER = Path(__file__).parents[2] / "build" / "screens"


def take(stage: Stage, folder: Path, wanted: list[str]) -> int:
    """How many pictures were taken."""
    taken = 0
    with launched() as browser:
        walker = Walker(browser, Clinic(stage))
        clinic = furnished(walker)
        for pair in zip(*(visits(clinic, language) for language in walking.LANGUAGES), strict=True):
            for language, visit in zip(walking.LANGUAGES, pair, strict=True):
                if wanted and not any(word in visit.name for word in wanted):
                    continue
                name = re.sub(r"[^a-z0-9]+", "-", visit.name.lower()).strip("-")
                try:
                    page, _, _ = walker.show(visit, language)
                except Error as error:
                    print(f"{visit.name}: {str(error).splitlines()[0]}")
                    continue
                for theme in walking.THEMES:
                    for width in WIDTHS:
                        walker.look(page, theme, width)
                        place = folder / f"{width}-{language}-{theme}" / f"{name}.png"
                        place.parent.mkdir(parents=True, exist_ok=True)
                        page.screenshot(path=place, full_page=True)
                        taken += 1
        walker.close()
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="seifas-screens-") as name:
        os.chmod(name, 0o711)
        with staged(Path(name) / "clinic", 300) as stage:
            print(f"{take(stage, FOLDER, sys.argv[1:])} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
