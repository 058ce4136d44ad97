"""A vault whose epochs are half behind tokens: bound, turned, unlocked, restored; a token away, wrong, lost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from life_clinic import PASSPHRASES, Clinic, bodies, opened, passphrase_file
from life_inside import inside
from soft_token import MODULE, PIN, SoftToken
from test_life_backup import back_up

from seifas.errors import Conflict, Invalid, Locked, Missing, Refused, SeifasError, Unavailable
from seifas.keeper import certifying, erasing, rotating, token_kit, unlocking
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC
from seifas.keeper.rotating import Deed
from seifas.restoring import rehearsing
from seifas.restoring.bringing_back import Order, restore
from seifas.settings import Hsm
from seifas.storage import tokens

PROOF = {"passphrase": PASSPHRASES["boss"]}


@pytest.fixture
def kit() -> Iterator[tuple[SoftToken, SoftToken]]:
    made = SoftToken("vienas"), SoftToken("du")
    yield made
    for one in made:
        one.gone()


@pytest.fixture
def bound(clinic: Clinic, kit: tuple[SoftToken, SoftToken]) -> Clinic:
    """Served, its second epoch behind both tokens."""
    clinic.set(hsm=Hsm(module=MODULE))
    clinic.start()
    made = clinic.call("admin.hsm_bind", tokens=[one.serial for one in kit], pin=PIN, proof=PROOF)
    assert (made["epoch"], made["tokens"]) == (2, ["vienas", "du"])
    return clinic


def in_tokens(*kit: SoftToken) -> list[int]:
    """How many key objects of epochs each token holds."""
    return [len(tokens.objects(MODULE, one.serial, PIN, "seifas epoch ")) for one in kit]


def refusal(clinic: Clinic, **args: Any) -> SeifasError:
    with pytest.raises(SeifasError) as told:
        clinic.call("admin.unlock", **args)
    return told.value


def test_it_opens_with_root_and_any_token_and_with_neither_alone(
    bound: Clinic, kit: tuple[SoftToken, SoftToken]
) -> None:
    assert in_tokens(*kit) == [1, 1]
    bound.kill_keeper()
    bound.wait_open()  # root and PIN from the supervisor
    assert bound.call("admin.rotate")["ended"]
    assert in_tokens(*kit) == [1, 1]
    bound.stop()
    bound.start(unlock=False)
    boss = PASSPHRASES["boss"]
    assert isinstance(refusal(bound, passphrase=boss), Locked)
    told = refusal(bound, passphrase=boss, pin="000000")
    assert isinstance(told, Refused)
    assert "PIN" in told.message
    assert "slot" in refusal(bound, passphrase="not it", pin=PIN).message
    assert "no token is a way" in refusal(bound, passphrase="", pin=PIN).message
    for pin in ("", "x" * 65, "ž" * 40):
        assert isinstance(refusal(bound, passphrase=boss, pin=pin), Locked | Refused)
    with pytest.raises(Locked):
        bound.call("admin.unlock_custodians", secrets=bound.secrets[:2])
    bound.call("admin.unlock_custodians", secrets=bound.secrets[:2], pin=PIN)
    bound.stop()
    kit[0].detach()
    bound.start(pin=PIN)  # by the spare
    assert bound.call("health")["patients"] == 12
    assert [one["attached"] for one in bound.call("admin.hsm_list")["kit"]] == [False, True]
    bound.stop()
    with opened(bound.data, boss, PIN) as keeper:
        assert len(bodies(keeper)) == 12


def test_without_every_token_no_new_epoch_begins_and_nothing_is_lost(
    bound: Clinic, kit: tuple[SoftToken, SoftToken]
) -> None:
    bound.stop()
    kit[1].detach()
    bound.start(pin=PIN)
    with pytest.raises(Unavailable, match="attach du"):
        bound.call("admin.rotate")
    assert in_tokens(kit[0]) == [1]
    kit[1].attach()
    assert bound.call("admin.rotate")["epoch"] == 3
    assert in_tokens(*kit) == [1, 1]


def test_an_absent_or_another_token_keeps_it_locked(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    bound.stop()
    for one in kit:
        one.detach()
    stranger = SoftToken("vienas")
    try:
        bound.start(unlock=False)
        for args in ({"passphrase": PASSPHRASES["boss"], "pin": PIN},):
            told = refusal(bound, **args)
            assert isinstance(told, Unavailable)
            assert "vienas, du" in told.message
    finally:
        stranger.gone()
    bound.stop()
    bound.set(hsm=Hsm(module="/usr/lib/nothing.so"))
    bound.start(unlock=False)
    assert isinstance(refusal(bound, passphrase=PASSPHRASES["boss"], pin=PIN), Unavailable)
    bound.stop()
    bound.set(hsm=Hsm())
    bound.start(unlock=False)
    assert "[hsm] module" in refusal(bound, passphrase=PASSPHRASES["boss"], pin=PIN).message


def test_binding_needs_proof_and_tokens_that_there_are(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    names = [one.serial for one in kit]
    for proof in ({}, {"passphrase": "guess"}, {"pin": PIN}, {"secrets": ["x"]}):
        with pytest.raises((Refused, Invalid)):
            bound.call("admin.hsm_bind", tokens=names[:1], pin=PIN, proof=proof)
        with pytest.raises((Refused, Invalid)):
            bound.call("admin.hsm_release", proof=proof)
        with pytest.raises((Refused, Invalid)):
            bound.call("admin.hsm_slot_add", token=names[0], name="x", pin=PIN, proof=proof)
    for wrong in ([], ["nobody"], [names[0], names[0]], [names[0], "vienas"], names * 3):
        with pytest.raises((Invalid, Missing)):
            bound.call("admin.hsm_bind", tokens=wrong, pin=PIN, proof=PROOF)
    with pytest.raises(Refused, match="one PIN"):
        bound.call("admin.hsm_bind", tokens=names, pin="999999", proof=PROOF)
    assert bound.call("admin.hsm_list")["epoch"] == 2
    assert in_tokens(*kit) == [1, 1]


def test_a_token_is_a_way_in_and_no_longer(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    bound.call("admin.hsm_slot_add", token="vienas", name="Seifas A", pin=PIN, proof=PROOF)
    with pytest.raises(Conflict):
        bound.call("admin.hsm_slot_add", token="vienas", name="Other", pin=PIN, proof=PROOF)
    bound.call("admin.lock")
    assert isinstance(refusal(bound, passphrase="", pin="0000"), Refused)
    bound.call("admin.unlock", passphrase="", pin=PIN)
    assert {"kind": "pkcs11", "name": "Seifas A", "serial": kit[0].serial} in bound.call("admin.ways")
    bound.call("admin.passphrase_remove", name="officer", proof={"pin": PIN})
    with pytest.raises(Refused, match="last passphrase"):
        bound.call("admin.passphrase_remove", name="boss", proof={"pin": PIN})
    with pytest.raises(Missing):
        bound.call("admin.hsm_slot_remove", name="nobody", proof=PROOF)
    assert bound.call("admin.hsm_slot_remove", name="Seifas A", proof=PROOF, pin=PIN)["destroyed"]
    assert tokens.objects(MODULE, kit[0].serial, PIN, "seifas root") == {}
    bound.call("admin.lock")
    assert "no token is a way" in refusal(bound, passphrase="", pin=PIN).message


def test_it_goes_back_to_keys_without_tokens(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    assert bound.call("admin.hsm_release", proof=PROOF)["ended"]
    assert in_tokens(*kit) == [0, 0]
    bound.kill_keeper()
    bound.wait_open()
    bound.stop()
    assert len(bound.patients()) == 12
    notes = [line.note for line in bound.lines() if line.action == Action.WAYS]
    assert notes == ["hsm-bound:2", "hsm-released"]


def test_what_a_cut_off_rotation_left_in_a_token_goes_at_the_next_unlock(
    bound: Clinic, kit: tuple[SoftToken, SoftToken]
) -> None:
    (label,) = tokens.objects(MODULE, kit[0].serial, PIN, "seifas epoch ").values()
    tokens.make_object(MODULE, kit[0].serial, label.rsplit(" ", 1)[0] + " 3", PIN)
    tokens.make_object(MODULE, kit[0].serial, "seifas epoch 00000000 another-store 2", PIN)
    bound.kill_all()
    bound.start(pin=PIN)
    assert in_tokens(*kit) == [2, 1], "only this store's leftovers go"


def test_when_all_tokens_are_lost_nothing_else_opens_it(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    bound.stop()
    for one in kit:
        one.gone()
    root = unlocking.root_by_passphrase(bound.settings.keys_at(bound.data), PASSPHRASES["boss"])
    with pytest.raises(Locked):
        unlocking.open_keys(bound.settings.keys_at(bound.data), bound.settings.clinic_id, root)
    with pytest.raises(Unavailable):
        unlocking.open_keys(
            bound.settings.keys_at(bound.data), bound.settings.clinic_id, root, token_kit.opener(MODULE, PIN)
        )


def test_a_lost_one_leaves_the_kit_and_lost_ones_can_be_left(
    bound: Clinic, kit: tuple[SoftToken, SoftToken]
) -> None:
    before = bound.call("admin.hsm_list")["loose_ms"]
    kit[1].gone()
    made = bound.call("admin.hsm_bind", tokens=[kit[0].serial], pin=PIN, proof=PROOF)
    assert (made["epoch"], made["ended"]) == (3, False)
    assert bound.call("admin.hsm_list")["loose_ms"] > before, "the lost one still holds the former epoch's object"
    kit[0].gone()
    assert bound.call("admin.hsm_release", proof=PROOF)["epoch"] == 4
    bound.stop()
    with opened(bound.data, PASSPHRASES["boss"]) as keeper:
        assert len(bodies(keeper)) == 12
        assert "token-behind" in {alarm.kind for alarm in keeper.alarms.all()}


def test_cut_off_before_or_after_the_commit_one_epoch_opens_and_one_object_stays(
    bound: Clinic, kit: tuple[SoftToken, SoftToken], monkeypatch: pytest.MonkeyPatch
) -> None:
    bound.stop()

    async def story() -> None:
        async with inside(bound, PIN) as keeper:
            with monkeypatch.context() as patched:
                async def refuse(*args: Any) -> None:
                    assert in_tokens(*kit) == [2, 2], "the new objects are there before the commit"
                    raise Conflict("somebody else wrote first")

                patched.setattr(keeper, "commit", refuse)
                with pytest.raises(Conflict):
                    await rotating.turn(keeper, lambda facts: Deed([]))
            assert in_tokens(*kit) == [1, 1]
            assert keeper.require_unlocked().keyring.epoch == 2
            with monkeypatch.context() as patched:
                patched.setattr(token_kit, "end", lambda *args: False)  # killed before the old ones are destroyed
                turned = await rotating.turn(keeper, lambda facts: Deed([]))
            assert (turned.epoch, turned.ended) == (3, False)
            assert in_tokens(*kit) == [2, 2]

    asyncio.run(story())
    with opened(bound.data, PASSPHRASES["boss"], PIN) as keeper:
        assert len(bodies(keeper)) == 12
    assert in_tokens(*kit) == [1, 1]


async def _final_epoch(keeper: Any, *kit: SoftToken) -> None:
    """As if the kit had been bound a month ago."""
    plan = token_kit.first_plan([one.serial for one in kit], keeper.now().wall_ms - 30 * 86_400_000)
    await rotating.turn(keeper, lambda facts: Deed([]), bind=lambda _: plan)


def test_the_certificate_promises_at_once_only_when_it_is(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    bound.stop()

    async def story() -> None:
        async with inside(bound, PIN) as keeper:
            first, second = sorted(one for one in keeper.require_unlocked().vault.heads if one != CLINIC)[:2]
            made = await erasing.erase(keeper, first, "mistake", asked_by="x", people=("a", "b"), request=None)
            assert (made.form, made.tokens) == (1, ())  # copies from before the kit may be about
            await _final_epoch(keeper, *kit)
            kit[1].detach()
            for _ in range(6):  # more often than a day's erasures: what waits for a token costs none of them
                with pytest.raises(Unavailable, match="attach du"):
                    await erasing.erase(keeper, second, "mistake", asked_by="x", people=("a", "b"), request=None)
            assert second in keeper.require_unlocked().vault.heads
            kit[1].attach()
            made = await erasing.erase(keeper, second, "mistake", asked_by="x", people=("a", "b"), request=None)
            assert (made.form, made.tokens, made.key_copies_until) == (2, ("vienas", "du"), made.erased[:10])
            stone = keeper.tombstones[keeper.require_unlocked().keyring.tag(second)]
            assert certifying.decode(stone.certificate) == made
            text = certifying.as_text(made)
            assert "Dead at once" in text
            assert "vienas, du" in text
            assert "Dead by" not in text
            if keeper.sweeping is not None:
                await keeper.sweeping

    asyncio.run(story())
    with opened(bound.data, PASSPHRASES["boss"], PIN) as keeper:
        forms = [certifying.decode(stone.certificate).form for stone in keeper.tombstones.values()]
        assert sorted(forms) == [1, 2]
    assert in_tokens(*kit) == [1, 1]


def test_a_restore_needs_the_token_and_a_copy_of_now(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    target = bound.data.with_name(bound.data.name + "-target")
    target.mkdir()
    older = back_up(bound, target, name="one")
    bound.call("admin.rotate")
    newer = back_up(bound, target, name="two")
    bound.stop()
    new = bound.data.with_name(bound.data.name + "-new")

    def order(keys: Path, pin: str) -> Order:
        return Order(
            data=new, backup=older["to"], keys_from=keys, tombstones=bound.data / "kit" / "tombstones.note",
            passphrase=PASSPHRASES["boss"], pin=pin, approved_by=("boss", "officer"),
            shown=(PASSPHRASES["officer"], PASSPHRASES["boss"]),
        )

    with pytest.raises(Locked):
        restore(order(newer["keys_to"], ""))
    with pytest.raises(Refused, match="has no key of epoch 2"):
        restore(order(older["keys_to"], PIN))
    kit[1].detach()
    assert restore(order(newer["keys_to"], PIN))["patients"] == 12
    kit[1].attach()
    with opened(new, PASSPHRASES["boss"], PIN) as keeper:
        half = token_kit.half_in(keeper.require_unlocked().keystore.epoch())
        assert half is not None
        assert [one.label for one in half.tokens] == ["vienas"]
        assert len(bodies(keeper)) == 12
    assert in_tokens(*kit) == [2, 1]
    with opened(bound.data, PASSPHRASES["boss"], PIN) as keeper:  # the restored one has not ended the old one
        assert len(bodies(keeper)) == 12
    clinic = bound.settings.clinic_id
    with pytest.raises(Locked):
        rehearsing.rehearse(newer["keys_to"], clinic, passphrase=PASSPHRASES["boss"])
    found = rehearsing.rehearse(
        newer["keys_to"], clinic, passphrase=PASSPHRASES["boss"], token=token_kit.opener(MODULE, PIN)
    )
    assert found.epoch == 3
    shutil.rmtree(new)


def test_the_command_line(bound: Clinic, kit: tuple[SoftToken, SoftToken]) -> None:
    pin, boss = passphrase_file(bound.data, "pin"), passphrase_file(bound.data)
    pin.write_text(PIN + "\n")
    bound.call("admin.lock")
    bound.seifas("unlock", "--passphrase-file", str(boss), "--pin-file", str(pin))
    shown = ("--passphrase-file", str(boss), "--pin-file", str(pin))
    told = bound.seifas("hsm", "add", kit[0].serial, "--name", "A", *shown)
    assert told["serial"] == kit[0].serial
    bound.call("admin.lock")
    bound.seifas("unlock", "--pin-file", str(pin))
    found = bound.seifas("hsm", "list")
    assert [one["name"] for one in found["slots"]] == ["A"]
    assert bound.seifas("rotate")["ended"]
    bound.stop()
    assert bound.seifas("rotate", *shown)["epoch"] == 4
    refused = bound.seifas("rotate", "--passphrase-file", str(boss), fine=False)
    assert (refused["error"], refused["exit"]) == ("locked", 8)
