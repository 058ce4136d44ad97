"""Sets a Typst sheet as a PDF that lasts: PDF/A-2a where the letters allow it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import typst

from seifas.errors import Unavailable

_FONTS: Final = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)

NO_FILES: Final[Any] = Path("/dev/null")  # typst's own types want bytes here where the sheet is bytes
"""Below which a sheet may read: nothing. Else it is where the program was started, which may be closed to its user."""


def typeset(sheet: bytes, data: str, failed: str) -> bytes:
    """The PDF/A-2a of a sheet over its data (JSON), or PDF where a letter is in none of the fonts. For a thread. Raises
    Unavailable, saying `failed`, where it cannot be made."""
    # PDF/A allows no letter that its fonts do not have. A name in such letters is set all the same, in plain PDF.
    standards: tuple[list[Any], ...] = (["a-2a"], [])
    for standard in standards:
        try:
            made: Any = typst.compile(
                sheet, format="pdf", sys_inputs={"data": data}, font_paths=_FONTS, ignore_system_fonts=True,
                pdf_standards=standard, root=NO_FILES,
            )
        except (typst.TypstError, RuntimeError):
            continue  # the library's own words may quote what is set
        return bytes(made)
    raise Unavailable(failed)
