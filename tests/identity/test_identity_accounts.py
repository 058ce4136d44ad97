from __future__ import annotations

import msgspec
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Conflict, Invalid, Missing, Refused, SeifasError
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity.accounts import Account, AccountTable, Passkey
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.networks import UNKNOWN, network_of


def passkey(ident: bytes = b"k" * 32, **fields: object) -> Passkey:
    given_fields = {"public_key": b"cose", "sign_count": 0, "label": "phone", "added_ms": 1, "aaguid": "0",
                    "syncable": False, "backed_up": False, **fields}
    return Passkey(credential_id=ident, **given_fields)  # type: ignore[arg-type]


def create(table: AccountTable, name: str, hats: tuple[str, ...] = ("nurse",)) -> Account:
    return people.create(table, name=name, display="Rūta Ąžuolienė", hats=hats, now_ms=5)


@pytest.mark.parametrize("twin", ["ruta", "RŪTA", "ŘÚTA", "rūta", "ｒｕｔａ", "rutа"])  # the last ends in Cyrillic a
def test_names_that_look_alike_are_one_name(table: AccountTable, twin: str) -> None:
    first = create(table, "Rūta")
    with pytest.raises(Conflict):
        create(table, twin)
    assert table.find(twin) == first
    assert len(table) == 1


@pytest.mark.parametrize("name", ["", "a", " ", "a b", "a\0b", "a\nb", "-ab", "@b", "a" * 65, "x" * 100_000, "a/b",
                                  "<b>", "a\u202eb", "😀😀", "\ud800ab", "a%20b"])
def test_bad_names_are_refused(table: AccountTable, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        create(table, name)
    assert caught.value.where == "name"
    assert len(table) == 0


@given(st.text(max_size=80))
@settings(max_examples=of_whole(200))
def test_any_text_is_a_good_name_or_a_clear_refusal(name: str) -> None:
    table = AccountTable()
    try:
        made = create(table, name)
    except SeifasError:
        assert len(table) == 0
    else:
        assert table.find(made.name) == made
        assert people.fold(made.name).isascii()


@pytest.mark.parametrize("display", ["", "  ", "x" * 121, "a\nb", "a\u202eb", "a\0"])
def test_bad_display_names_are_refused(table: AccountTable, display: str) -> None:
    with pytest.raises(Invalid):
        people.create(table, name="ruta", display=display, hats=["nurse"], now_ms=1)


@pytest.mark.parametrize("hats", [["machine"], ["king"], ["outside", "nurse"], [""]])
def test_bad_hats_are_refused(table: AccountTable, hats: list[str]) -> None:
    with pytest.raises(Invalid):
        people.create(table, name="ruta", display="R", hats=hats, now_ms=1)


def test_rename_frees_the_old_name_and_keeps_uniqueness(table: AccountTable) -> None:
    one, two = create(table, "jonas"), create(table, "petras")
    with pytest.raises(Conflict):
        people.rename(table, two.id, name="JONAS")
    assert table.find("petras") == two
    renamed = people.rename(table, one.id, name="antanas")
    assert table.find("jonas") is None
    assert table.find("Antanas") == renamed
    assert create(table, "jonas").id != one.id


def test_nobody_changes_their_own_hats_or_shuts_themselves(staff: dict[str, Account], table: AccountTable) -> None:
    me = staff["doctor"]
    with pytest.raises(Refused):
        people.set_hats(table, me.id, ["doctor", "officer"], by=me.id, now_ms=9)
    with pytest.raises(Refused):
        people.disable(table, me.id, by=me.id, now_ms=9)
    with pytest.raises(Refused):
        people.enable(table, me.id, by=me.id, now_ms=9)
    assert table.get(me.id) == me


@pytest.mark.parametrize("hat", ["officer", "administrator"])
def test_the_last_officer_and_administrator_stay(staff: dict[str, Account], table: AccountTable, hat: str) -> None:
    by = staff["doctor"].id
    with pytest.raises(Refused):
        people.disable(table, staff[hat].id, by=by, now_ms=9)
    with pytest.raises(Refused):
        people.set_hats(table, staff[hat].id, ["nurse"], by=by, now_ms=9)
    create(table, "second", (hat,))
    assert people.disable(table, staff[hat].id, by=by, now_ms=9).disabled
    with pytest.raises(Refused):
        people.disable(table, table.find("second").id, by=by, now_ms=9)  # type: ignore[union-attr]


def test_hats_become_fresh_only_when_they_change(staff: dict[str, Account], table: AccountTable, now: int) -> None:
    nurse, by = staff["nurse"], staff["administrator"].id
    assert people.set_hats(table, nurse.id, ["nurse"], by=by, now_ms=now).hats_since_ms == nurse.hats_since_ms
    assert people.set_hats(table, nurse.id, ["nurse", "officer"], by=by, now_ms=now).hats_since_ms == now
    people.disable(table, staff["doctor"].id, by=by, now_ms=now)
    assert people.enable(table, staff["doctor"].id, by=by, now_ms=now + 5).hats_since_ms == now + 5


def test_disabling_twice_keeps_the_first_time(staff: dict[str, Account], table: AccountTable, now: int) -> None:
    by = staff["administrator"].id
    people.disable(table, staff["nurse"].id, by=by, now_ms=now)
    assert people.disable(table, staff["nurse"].id, by=by, now_ms=now + 10**9).disabled_ms == now


def test_passkeys_belong_to_one_account(table: AccountTable) -> None:
    one, two = create(table, "jonas"), create(table, "petras")
    people.add_passkey(table, one.id, passkey())
    with pytest.raises(Conflict):
        people.add_passkey(table, two.id, passkey())
    with pytest.raises(Conflict):
        table.put(msgspec.structs.replace(two, passkeys=(passkey(),)))
    owner = table.by_credential(b"k" * 32)
    assert owner is not None
    assert owner.id == one.id


def test_the_only_way_in_is_not_removed(table: AccountTable) -> None:
    one = create(table, "jonas")
    people.add_passkey(table, one.id, passkey())
    with pytest.raises(Refused):
        people.remove_passkey(table, one.id, b"k" * 32)
    with pytest.raises(Missing):
        people.remove_passkey(table, one.id, b"x" * 32)
    people.add_passkey(table, one.id, passkey(b"m" * 32))
    assert len(people.remove_passkey(table, one.id, b"k" * 32).passkeys) == 1
    assert table.by_credential(b"k" * 32) is None


def test_ten_passkeys_are_enough(table: AccountTable) -> None:
    one = create(table, "jonas")
    for at in range(people.MOST_PASSKEYS):
        people.add_passkey(table, one.id, passkey(bytes([at]) * 32))
    with pytest.raises(Invalid):
        people.add_passkey(table, one.id, passkey(b"z" * 32))


def test_a_table_loads_what_was_stored(staff: dict[str, Account], table: AccountTable) -> None:
    people.add_passkey(table, staff["doctor"].id, passkey())
    stored = [msgspec.msgpack.encode(account) for account in table]
    again = AccountTable()
    again.load(msgspec.msgpack.decode(row, type=Account) for row in stored)
    assert list(again) == list(table)
    assert again.by_credential(b"k" * 32) == table.get(staff["doctor"].id)
    again.load([])
    assert again.find("doctor") is None
    assert again.by_credential(b"k" * 32) is None


def test_unknown_accounts_are_missing(table: AccountTable) -> None:
    table.remove(b"x" * 16)
    with pytest.raises(Missing):
        table.get(b"x" * 16)
    with pytest.raises(Missing):
        people.disable(table, b"x" * 16, by=b"y" * 16, now_ms=1)


def test_familiar_networks_are_few_and_forgotten(now: int) -> None:
    account = Account(id=b"a" * 16, name="a", display="a", hats=(Hat.NURSE,), created_ms=0, hats_since_ms=0)
    for at in range(20):
        account = people.signed_in_from(account, f"10.0.{at}.0/24", now + at)
    assert len(account.familiar) == people.MOST_FAMILIAR
    assert account.familiar[-1].network == "10.0.19.0/24"
    later = people.signed_in_from(account, "10.9.9.0/24", now + people.FAMILIAR_MS + 100)
    assert [known.network for known in later.familiar] == ["10.9.9.0/24"]


@pytest.mark.parametrize(("address", "network"), [
    ("198.51.100.7", "198.51.100.0/24"), ("::ffff:198.51.100.7", "198.51.100.0/24"),
    ("2001:db8:1:2:3::7", "2001:db8:1::/48"), ("::1", "::/48"), ("", UNKNOWN), ("nonsense", UNKNOWN),
    ("1.2.3.4:80", UNKNOWN), ("9" * 10_000, UNKNOWN), ("١.٢.٣.٤", UNKNOWN),
])
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network
