"""What a demo was built with is kept in its directory, and what else lies there is not taken for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seifas.demo import made


def test_it_reads_back(tmp_path: Path) -> None:
    made.write(tmp_path, made.Made(300, 7, date(2026, 11, 23)))
    assert made.read(tmp_path) == made.Made(300, 7, date(2026, 11, 23))
    assert made.day_of(tmp_path) == date(2026, 11, 23)


@pytest.mark.parametrize("kept", [b"", b"\xff", b"[]", b"{}", b'{"patients":"x","seed":1}', b'{"patients":3,"se'])
def test_what_is_no_note_is_none(tmp_path: Path, kept: bytes) -> None:
    assert made.read(tmp_path) is None
    (tmp_path / made.FILE).write_bytes(kept)
    assert made.read(tmp_path) is None
    with pytest.raises(FileNotFoundError, match="build it anew"):
        made.day_of(tmp_path)


def test_an_older_demo_did_not_keep_its_day(tmp_path: Path) -> None:
    (tmp_path / made.FILE).write_bytes(b'{"patients":300,"seed":7}\n')
    assert made.read(tmp_path) == made.Made(300, 7)
    with pytest.raises(FileNotFoundError):
        made.day_of(tmp_path)
