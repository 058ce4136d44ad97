"""A request for an appointment: sealed where it arrives, kept, opened with a line; held while locked; bounded."""

import asyncio
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quickness import within

from seifas.crypto import dropbox
from seifas.errors import Invalid, Locked, OverBudget, Tampered
from seifas.keeper import drops
from seifas.keeper.drops import Wish
from seifas.web.public import pace
from seifas.web.public.box import MOST_HELD, Box
from seifas.web.public.handing_over import Told
from seifas.web.public.pace import Pace, network_of

SEED = bytes(range(32))
PUBLIC = dropbox.public_half(SEED)
CLINIC = b"c" * 16
WISH = Wish("Ąžuolas Žukas", "+370 600 00000", "Norėčiau konsultacijos.", "lt", 1)


def test_sealed_and_unsealed() -> None:
    sealed = drops.seal(PUBLIC, WISH, clinic=CLINIC)
    assert drops.unseal(SEED, sealed, clinic=CLINIC) == WISH
    for part in ("Ąžuolas".encode(), b"600", b"konsultacijos"):
        assert part in drops._encode(WISH)
        assert part not in sealed
    with pytest.raises(Tampered):
        drops.unseal(SEED, sealed, clinic=b"d" * 16)
    with pytest.raises(Tampered):
        drops.unseal(SEED, sealed[:-1] + bytes([sealed[-1] ^ 1]), clinic=CLINIC)
    for junk in (b"", b"x" * 2000, dropbox.drop(PUBLIC, b"\0" * 2000, info=drops._INFO + CLINIC)):
        with pytest.raises(Tampered):
            drops.unseal(SEED, junk, clinic=CLINIC)


def test_short_ones_are_of_one_size() -> None:
    wishes = [Wish("A" * n, "+370600", "b" * 8 * n, "lt", n) for n in range(1, 100)]
    sizes = {len(drops.seal(PUBLIC, one, clinic=CLINIC)) for one in wishes}
    assert sizes == {1024 + dropbox.OVERHEAD}


@given(st.text(max_size=drops.MOST_NAME), st.text(max_size=drops.MOST_CONTACT), st.text(max_size=drops.MOST_WISH))
def test_everything_that_fits_the_form_fits_the_box(name: str, contact: str, wish: str) -> None:
    one = Wish(name, contact, wish, "en", 2**45)
    try:
        sealed = drops.seal(PUBLIC, one, clinic=CLINIC)
    except UnicodeEncodeError:
        return  # a lone surrogate: form_sent refuses it before
    assert len(sealed) <= drops.MOST_SEALED
    assert drops.unseal(SEED, sealed, clinic=CLINIC) == one


def test_too_long_is_refused() -> None:
    for parts in (("a" * 101, "b", "c"), ("a", "b" * 121, "c"), ("a", "b", "c" * 1001)):
        wrong = Wish(*parts, "lt", 1)
        with pytest.raises(Invalid):
            drops.seal(PUBLIC, wrong, clinic=CLINIC)


class Keeper:
    """Stands where the keeper's client stands: locked, full or open."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.taken: dict[bytes, bytes] = {}

    async def call(self, op: str, **args: Any) -> Any:
        if op == "drop.key":
            return {"key": PUBLIC}
        if self.error is not None:
            raise self.error
        self.taken[args["id"]] = args["sealed"]
        return {"taken": True}


def test_held_while_locked_and_passed_on_in_order() -> None:
    async def run() -> None:
        keeper = Keeper()
        box = Box(keeper, CLINIC)  # type: ignore[arg-type]
        assert await box.put(WISH) is Told.TAKEN
        keeper.error = Locked("locked")
        for _ in range(MOST_HELD):
            assert await box.put(WISH) is Told.HELD
        assert await box.put(WISH) is Told.FULL, "what cannot be kept is not called taken"
        await box.pass_on()
        assert (box.held, len(keeper.taken)) == (MOST_HELD, 1)
        keeper.error = None
        await box.pass_on()
        assert (box.held, len(keeper.taken)) == (0, MOST_HELD + 1)
        assert all(drops.unseal(SEED, one, clinic=CLINIC) == WISH for one in keeper.taken.values())
        keeper.error = OverBudget("full", where="full")
        assert await box.put(WISH) is Told.FULL
        assert box.held == 0

    asyncio.run(run())


def test_the_pace_of_one_network() -> None:
    one = Pace()
    most = pace.MOST_AN_HOUR
    assert [one.allows("203.0.113.9", 0.0) for _ in range(most + 1)] == [True] * most + [False]
    assert one.allows("203.0.113.10", 0.0)
    assert one.allows("203.0.113.9", 3601.0)
    # A whole /64 is one sender, a front on this machine is many.
    same = [f"2001:db8::{number:x}" for number in range(1, pace.MOST_AN_HOUR + 2)]
    assert [one.allows(address, 0.0) for address in same] == [True] * pace.MOST_AN_HOUR + [False]
    assert sum(one.allows("127.0.0.1", 0.0) for _ in range(100)) == pace.MOST_BEHIND_A_FRONT
    day = Pace()
    assert sum(day.allows("198.51.100.1", hour * 3601.0) for hour in range(24)) == pace.MOST_A_DAY


def test_memory_of_networks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_NETWORKS", 50)
    one = Pace()
    for number in range(200):
        assert one.allows(f"203.0.{number}.1", 0.0)
    assert len(one._sent) == 50


@given(st.text(max_size=60))
def test_any_address_is_a_network(address: str) -> None:
    network_of(address)


def test_sealing_is_quick() -> None:
    wish = Wish("a", os.urandom(20).hex(), "c", "lt", 1)
    assert within(1.0, lambda: [drops.seal(PUBLIC, wish, clinic=CLINIC) for _ in range(20)])
