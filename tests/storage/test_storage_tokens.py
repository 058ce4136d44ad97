"""PKCS#11 tokens through SoftHSM: objects made, asked, destroyed; and everything that a token can refuse."""

from __future__ import annotations

import hmac
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, ObjectClass, TokenFlag
from pkcs11.exceptions import AttributeSensitive, DeviceRemoved, FunctionFailed, PinIncorrect, PinLocked
from soft_token import MODULE, PIN, SoftToken

from seifas.errors import Missing, Refused, Unavailable
from seifas.shield.certificates.authority import der_of, new_authority
from seifas.storage import tokens


@pytest.fixture(scope="module")
def token() -> Iterator[SoftToken]:
    made = SoftToken("bandymas")
    yield made
    made.gone()


def test_an_object_lives_and_ends(token: SoftToken) -> None:
    (seen,) = [one for one in tokens.attached(MODULE) if one.serial == token.serial]
    assert (seen.label, seen.last_try) == ("bandymas", False)
    ident = tokens.make_object(MODULE, token.serial, "seifas test 1", PIN)
    answer = tokens.answer(MODULE, token.serial, ident, b"x" * 96, PIN)
    assert answer == tokens.answer(MODULE, token.serial, ident, b"x" * 96, PIN)
    assert answer != tokens.answer(MODULE, token.serial, ident, b"y" * 96, PIN)
    assert tokens.objects(MODULE, token.serial, PIN, "seifas test") == {ident: "seifas test 1"}
    assert tokens.objects(MODULE, token.serial, PIN, "other") == {}
    assert tokens.destroy_object(MODULE, token.serial, ident, PIN)
    assert not tokens.destroy_object(MODULE, token.serial, ident, PIN)
    with pytest.raises(Missing):
        tokens.answer(MODULE, token.serial, ident, b"x" * 96, PIN)


def test_what_the_module_leaves_behind_is_in_nobodys_way(token: SoftToken) -> None:
    """It shares our libcrypto: an error that stays in the thread's queue is taken for that of the next TLS context."""
    authority = der_of(new_authority("Klinika", ("klinika.lan",), datetime.now(UTC))[0])
    for asked in (lambda: tokens.attached(MODULE), lambda: tokens.objects(MODULE, token.serial, PIN, "")):
        asked()
        assert ssl.create_default_context(cadata=authority).cert_store_stats()["x509_ca"] == 1


def test_its_answer_is_an_hmac_and_its_value_never_leaves(token: SoftToken) -> None:
    raw, ident = bytes(range(32)), b"\x07" * 16
    ours = tokens.make_object(MODULE, token.serial, "seifas test 2", PIN)
    found = next(one for one in pkcs11.lib(MODULE).get_tokens() if one.label == "bandymas")
    with found.open(rw=True, user_pin=PIN) as session:
        with pytest.raises(AttributeSensitive):
            session.get_key(id=ours)[Attribute.VALUE]
        session.create_object({
            Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.GENERIC_SECRET, Attribute.ID: ident,
            Attribute.VALUE: raw, Attribute.TOKEN: True, Attribute.SIGN: True, Attribute.LABEL: "brought",
        })
    assert tokens.answer(MODULE, token.serial, ident, b"c" * 96, PIN) == hmac.digest(raw, b"c" * 96, "sha256")
    for one in (ours, ident):
        tokens.destroy_object(MODULE, token.serial, one, PIN)


@pytest.mark.parametrize("pin", ["1", "999999", "x" * 64, "PIN su ž"])
def test_a_wrong_pin_is_refused(token: SoftToken, pin: str) -> None:
    with pytest.raises(Refused, match="PIN is wrong"):
        tokens.objects(MODULE, token.serial, pin, "")


@pytest.mark.parametrize("pin", ["", "x" * 65, "ž" * 33])
def test_what_can_be_no_pin_costs_no_try(pin: str) -> None:
    with pytest.raises(Refused, match="is needed"):
        tokens.objects("/nowhere", "nobody", pin, "")


@pytest.mark.parametrize("module", ["", "softhsm", "/nowhere.so", "/etc/passwd", "/lib/x86_64-linux-gnu/libc.so.6"])
def test_a_module_that_is_none(module: str) -> None:
    with pytest.raises(Unavailable):
        tokens.attached(module)
    with pytest.raises(Unavailable):
        tokens.answer(module, "x", bytes(16), b"", PIN)


def test_a_token_pulled_out_and_put_in_again(token: SoftToken) -> None:
    ident = tokens.make_object(MODULE, token.serial, "seifas test 3", PIN)
    token.detach()
    with pytest.raises(Unavailable, match="not attached"):
        tokens.answer(MODULE, token.serial, ident, b"x", PIN)
    assert token.serial not in [one.serial for one in tokens.attached(MODULE)]
    token.attach()
    assert len(tokens.answer(MODULE, token.serial, ident, b"x", PIN)) == 32
    tokens.destroy_object(MODULE, token.serial, ident, PIN)


class Flagged:
    """A token as the module shows it, with other flags, or failing at the login."""

    def __init__(self, flags: TokenFlag, fails: Exception | None = None) -> None:
        self.serial, self.label, self.manufacturer_id, self.model = b"s1", "l", "m", "n"
        self.flags = TokenFlag.TOKEN_INITIALIZED | flags
        self.fails = fails
        self.logins = 0

    def open(self, **_: object) -> object:
        self.logins += 1
        assert self.fails is not None
        raise self.fails


@pytest.mark.parametrize("flag", [TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED])
def test_the_last_try_is_never_spent(monkeypatch: pytest.MonkeyPatch, flag: TokenFlag) -> None:
    held = Flagged(flag)
    monkeypatch.setattr(tokens, "_tokens", lambda module: [held])
    with pytest.raises(Refused, match=r"maker's tool"):
        tokens.answer(MODULE, "s1", bytes(16), b"", PIN)
    assert held.logins == 0
    assert [one.last_try for one in tokens.attached(MODULE)] == [True]


@pytest.mark.parametrize(("fault", "error"), [
    (PinIncorrect(), Refused), (PinLocked(), Refused), (DeviceRemoved(), Unavailable), (FunctionFailed(), Unavailable),
])
def test_what_the_module_says_becomes_ours(monkeypatch: pytest.MonkeyPatch, fault: Exception, error: type) -> None:
    monkeypatch.setattr(tokens, "_tokens", lambda module: [Flagged(TokenFlag(0), fault)])
    with pytest.raises(error):
        tokens.answer(MODULE, "s1", bytes(16), b"", PIN)


def test_a_token_that_would_let_the_key_out_is_refused(monkeypatch: pytest.MonkeyPatch, token: SoftToken) -> None:
    loose = {**tokens._PROMISES, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
    monkeypatch.setattr(tokens, "_PROMISES", loose)
    with pytest.raises(Refused, match="let the key out"):
        tokens.make_object(MODULE, token.serial, "seifas loose", PIN)
    assert tokens.objects(MODULE, token.serial, PIN, "seifas loose") == {}
