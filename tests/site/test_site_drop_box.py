"""The keeper's side of the drop box: who may put in, who may take out, how much, and what is left in the log."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fhir"))

from running_vault import RunningVault, running_vault

from seifas.crypto import dropbox
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError
from seifas.keeper import dropping, drops
from seifas.keeper.client import BlockingClient
from seifas.keeper.drops import Wish
from seifas.web.desk.app import build_desk
from seifas.web.public.app import build_public


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    with running_vault(tmp_path_factory.mktemp("vault"), build_desk, build_public) as running:
        for name, *hats in (("rasa", "reception"), ("ona", "doctor"), ("adminas", "administrator"), ("ina", "officer")):
            running.account(name, *hats)
        yield running


@pytest.fixture
def box(vault: RunningVault) -> Iterator[Callable[..., Any]]:
    vault.keeper.drops.clear()
    with BlockingClient(vault.data / "run" / "public.sock") as client:
        yield client.call


def put(vault: RunningVault, box: Callable[..., Any], name: str = "Jonas") -> bytes:
    ident = os.urandom(16)
    wish = Wish(name, "+370 600", "noras", "lt", 5)
    sealed = drops.seal(box("drop.key")["key"], wish, clinic=vault.settings.clinic_id)
    assert box("drop.put", id=ident, sealed=sealed) == {"taken": True}
    assert box("drop.put", id=ident, sealed=sealed) == {"taken": True}, "the same twice is the same"
    with pytest.raises(Conflict):
        box("drop.put", id=ident, sealed=sealed[:-1] + bytes((sealed[-1] ^ 1,)))
    return ident


def test_in_and_out(vault: RunningVault, box: Callable[..., Any]) -> None:
    size = vault.keeper.require_unlocked().audit.size
    ident = put(vault, box)
    session = vault.sign_in("rasa")
    listed = vault.desk("drop.list", session=session)
    assert [one["id"] for one in listed] == [ident]
    assert listed[0].keys() == {"id", "received_ms", "done_ms", "done_by", "opened"}
    found = vault.desk("drop.open", session=session, id=ident)
    assert (found["name"], found["contact"], found["wish"], found["readable"]) == ("Jonas", "+370 600", "noras", True)
    vault.desk("drop.done", session=session, id=ident)
    assert vault.desk("drop.list", session=session)[0]["done_by"] == "Rasa"
    vault.desk("drop.done", session=session, id=ident, remove=True)
    with pytest.raises(Missing):
        vault.desk("drop.open", session=session, id=ident)
    assert vault.keeper.require_unlocked().audit.size >= size + 6, "each deed left its line"


def test_the_public_may_only_put_in(vault: RunningVault, box: Callable[..., Any]) -> None:
    ident = put(vault, box)
    session = vault.sign_in("rasa")
    for op, args in (("drop.list", {}), ("drop.open", {"id": ident}), ("drop.done", {"id": ident})):
        with pytest.raises(Invalid):
            box(op, session=session, **args)
    with pytest.raises(Invalid):
        vault.desk("drop.put", id=os.urandom(16), sealed=b"x" * 3000)
    for sealed in (b"", b"x" * dropbox.OVERHEAD, b"x" * (drops.MOST_SEALED + 1)):
        with pytest.raises(Invalid):
            box("drop.put", id=os.urandom(16), sealed=sealed)


@pytest.mark.parametrize("who", ["adminas", "ina"])
def test_other_hats_do_not_read(vault: RunningVault, box: Callable[..., Any], who: str) -> None:
    ident = put(vault, box)
    session = vault.sign_in(who)
    for op, args in (("drop.list", {}), ("drop.open", {"id": ident}), ("drop.done", {"id": ident, "remove": True})):
        with pytest.raises(Refused):
            vault.desk(op, session=session, **args)
    assert vault.keeper.drops[ident].opened == ()


def test_junk_is_shown_as_junk(vault: RunningVault, box: Callable[..., Any]) -> None:
    ident = os.urandom(16)
    box("drop.put", id=ident, sealed=os.urandom(2160))
    found = vault.desk("drop.open", session=vault.sign_in("ona"), id=ident)
    assert (found["readable"], found["name"]) == (False, "")


def test_a_full_box_refuses_and_loses_nothing(
    vault: RunningVault, box: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put(vault, box)
    monkeypatch.setattr(dropping, "MOST_WAITING", 3)
    for _ in range(2):
        put(vault, box)
    with pytest.raises(OverBudget) as full:
        put(vault, box)
    assert full.value.where == "full"
    assert first in vault.keeper.drops
    assert any(alarm.kind == "requests-full" for alarm in vault.keeper.alarms.all())
    monkeypatch.setattr(dropping, "MOST_WAITING", 500)
    monkeypatch.setattr(dropping, "MOST_AN_HOUR", 3)
    with pytest.raises(OverBudget) as paced:
        put(vault, box)
    assert paced.value.where == "pace"


def test_one_account_does_not_read_them_all(
    vault: RunningVault, box: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    idents = [put(vault, box, str(number)) for number in range(5)]
    monkeypatch.setattr(dropping, "MOST_OPENED_A_DAY", 3)
    session = vault.sign_in("ona")
    for ident in idents[:3]:
        for _ in range(3):
            vault.desk("drop.open", session=session, id=ident)
    with pytest.raises(OverBudget):
        vault.desk("drop.open", session=session, id=idents[3])
    with pytest.raises(OverBudget):
        vault.desk("drop.open", session=vault.sign_in("ona"), id=idents[4])
    vault.desk("drop.open", session=vault.sign_in("rasa"), id=idents[4])
    assert any(alarm.kind == "requests-read" for alarm in vault.keeper.alarms.all())


def test_a_frozen_session_reads_nothing(vault: RunningVault, box: Callable[..., Any]) -> None:
    ident = put(vault, box)
    token = vault.sign_in("rasa")
    session = vault.keeper.sessions.by_token(token, vault.keeper.now().wall_ms)
    vault.keeper.sessions.freeze(session.id, "test")
    for op, args in (("drop.list", {}), ("drop.open", {"id": ident}), ("drop.done", {"id": ident})):
        with pytest.raises(SeifasError):
            vault.desk(op, session=token, **args)
    assert vault.keeper.drops[ident].opened == ()


def test_what_was_done_goes_after_a_fortnight(vault: RunningVault, box: Callable[..., Any]) -> None:
    ident, kept = put(vault, box), put(vault, box)
    session = vault.sign_in("rasa")
    for one in (ident, kept):
        vault.desk("drop.done", session=session, id=one)
    old = vault.keeper.drops[ident]
    done = old.done_ms - dropping.KEPT_DONE_MS - 1
    vault.keeper.drops[ident] = type(old)(old.id, old.received_ms, old.sealed, done, old.done_by, old.opened)
    assert [one["id"] for one in vault.desk("drop.list", session=session)] == [kept]
    assert ident not in vault.keeper.drops


def test_the_key_is_there_while_locked(vault: RunningVault, box: Callable[..., Any]) -> None:
    public = box("drop.key")["key"]
    seed = vault.keeper.require_unlocked().keyring.clinic_keys.dropbox
    assert public == dropbox.public_half(seed)
    opened, vault.keeper.open = vault.keeper.open, None
    try:
        assert box("drop.key")["key"] == public
    finally:
        vault.keeper.open = opened
    assert asyncio.iscoroutinefunction(dropping.key)
