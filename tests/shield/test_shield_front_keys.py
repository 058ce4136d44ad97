"""The keys of lane cookies: made once whoever asks first, rotated in time, never half."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.front import keys

NOW = 1_795_000_000


def asked(place: str) -> keys.Keys:
    return keys.read_or_made(Path(place), NOW)


def test_all_who_ask_first_get_the_same(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        found = set(pool.map(asked, [str(tmp_path / "lane.keys")] * 24))
    assert len(found) == 1


def test_they_are_this_users_alone_and_random(tmp_path: Path) -> None:
    made = asked(str(tmp_path / "lane.keys"))
    assert stat.S_IMODE((tmp_path / "lane.keys").stat().st_mode) == 0o600
    assert len({made.a, made.b, keys.fresh(NOW).a}) == 3
    assert len(base64.b64decode(made.a)) == 32


@given(st.integers(0, 12))
def test_what_was_signed_lives_for_its_period(turns: int) -> None:
    now, held = NOW, keys.fresh(NOW)
    for _ in range(turns):
        signing = getattr(held, held.slot)
        now += keys.PERIOD_S
        assert keys.is_due(held, now)
        held = keys.rotated(held, now)
        assert signing in (held.a, held.b)  # still opens what it signed
        assert getattr(held, held.slot) != signing
        assert not keys.is_due(held, now + keys.PERIOD_S - 1)


def test_a_clock_that_ran_ahead_does_not_keep_a_key_for_ever() -> None:
    assert keys.is_due(keys.fresh(NOW + 10 * keys.PERIOD_S), NOW)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b'{"slot":"c","a":"","b":"","since":1}', b"[]", b"0" * 100_000]
)
def test_a_file_that_is_not_whole_is_said_and_made_anew(tmp_path: Path, text: bytes) -> None:
    place = tmp_path / "lane.keys"
    place.write_bytes(text)
    with pytest.raises(Invalid, match="not whole"):
        keys.read(place)
    assert keys.read_or_made(place, NOW) == keys.read(place)
