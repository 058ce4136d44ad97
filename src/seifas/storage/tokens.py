"""PKCS#11 tokens (OASIS PKCS #11 v2.40 and later): what an HSM or card is asked for, and nothing else.

    attached(module) -> [Token(serial, label, maker, model, last_try)]
    answer(module, serial, key_object, challenge, pin) -> HMAC-SHA256, 32 bytes
    make_object(module, serial, label, pin) -> CKA_ID, 16 bytes
    objects(module, serial, pin, label) -> {CKA_ID: label}        those whose label begins so
    destroy_object(module, serial, key_object, pin) -> bool       whether it was there

A key object is a generic secret of 256 bits made in the token: sensitive, never extractable, not modifiable, for
signing (HMAC) only. A token that will not promise this is refused before anything depends on it.

A login holds for the whole process, and a card counts wrong PINs: so one call at a time, each with a session of its
own, and none at all on the last try that the token has left. The module is the vendor's code and runs in this process.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from os import urandom
from pathlib import Path
from typing import Any, Final, NamedTuple

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag
from pkcs11.exceptions import (
    AttributeTypeInvalid,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    UserPinNotInitialized,
)

from seifas.errors import Missing, Refused, Unavailable

KEY_BITS: Final = 256
LONGEST_PIN: Final = 64

_PROMISES: Final = {
    Attribute.TOKEN: True, Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False, Attribute.SIGN: True, Attribute.VERIFY: False, Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False, Attribute.WRAP: False, Attribute.UNWRAP: False, Attribute.DERIVE: False,
}
_KEPT: Final = (
    (Attribute.TOKEN, True), (Attribute.SENSITIVE, True), (Attribute.EXTRACTABLE, False),
    (Attribute.ALWAYS_SENSITIVE, True), (Attribute.NEVER_EXTRACTABLE, True), (Attribute.LOCAL, True),
)
_one_at_a_time: Final = threading.Lock()


class Token(NamedTuple):
    """`last_try`: one more wrong PIN locks it."""

    serial: str
    label: str
    maker: str
    model: str
    last_try: bool


def attached(module: str) -> list[Token]:
    """The initialised tokens that the module sees now, by label. Raises Unavailable where it cannot be loaded."""
    with _one_at_a_time, _faults(module):
        _look_anew(module)
        return sorted((_described(one) for one in _tokens(module)), key=lambda token: (token.label, token.serial))


def answer(module: str, serial: str, key_object: bytes, challenge: bytes, pin: str) -> bytes:
    """The object's HMAC-SHA256 over the challenge. Raises Unavailable (token not attached, not answering), Refused
    (PIN), Missing (the object is not in the token)."""
    with _session(module, serial, pin) as session:
        found = _object(session, key_object)
        if found is None:
            raise Missing("the key object is not in this token", where=key_object.hex())
        made: bytes = found.sign(challenge, mechanism=Mechanism.SHA256_HMAC)
        return made


def make_object(module: str, serial: str, label: str, pin: str) -> bytes:
    """A new key object in the token; its CKA_ID. Raises Refused where the token does not keep its promises."""
    ident = urandom(16)
    with _session(module, serial, pin, write=True) as session:
        made = session.generate_key(
            KeyType.GENERIC_SECRET, KEY_BITS, id=ident, label=label, store=True,
            mechanism=Mechanism.GENERIC_SECRET_KEY_GEN, template=_PROMISES,
        )
        broken = [attribute.name for attribute, wanted in _KEPT if _attribute(made, attribute) is not wanted]
        if broken:
            made.destroy()
            raise Refused(f"this token would let the key out ({', '.join(broken)}): take another", where=serial)
    return ident


def objects(module: str, serial: str, pin: str, label: str) -> dict[bytes, str]:
    """CKA_ID to label of the key objects whose label begins so."""
    with _session(module, serial, pin) as session:
        found = {}
        for one in session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}):
            said = str(one[Attribute.LABEL])
            if said.startswith(label):
                found[bytes(one[Attribute.ID])] = said
        return found


def destroy_object(module: str, serial: str, key_object: bytes, pin: str) -> bool:
    """Destroys it (C_DestroyObject) and looks once more. Raises Unavailable where it is still there."""
    with _session(module, serial, pin, write=True) as session:
        found = _object(session, key_object)
        if found is None:
            return False
        found.destroy()
        if _object(session, key_object) is not None:
            raise Unavailable("the token still has the key object after destroying it", where=key_object.hex())
        return True


@contextmanager
def _session(module: str, serial: str, pin: str, *, write: bool = False) -> Iterator[Any]:
    if not 0 < len(pin.encode()) <= LONGEST_PIN:
        raise Refused("the token's PIN is needed", where="pin")
    with _one_at_a_time, _faults(serial):
        token = _token(module, serial)
        if TokenFlag.USER_PIN_LOCKED in token.flags:
            raise Refused("the token is locked after wrong PINs: unlock it with its maker's tool", where=serial)
        if TokenFlag.USER_PIN_FINAL_TRY in token.flags:
            raise Refused(
                "the token has one try left and is not asked: log in to it once with its maker's tool", where=serial
            )
        with token.open(rw=write, user_pin=pin) as session:
            yield session


def _object(session: Any, ident: bytes) -> Any:
    return next(iter(list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.ID: ident}))), None)


def _attribute(made: Any, attribute: Attribute) -> Any:
    try:
        return made[attribute]
    except AttributeTypeInvalid:
        return None


def _token(module: str, serial: str) -> Any:
    """Looked for once more where it is not seen, or where another one was pulled out."""
    for again in (False, True):
        if again:
            _look_anew(module)
        with contextlib.suppress(*(() if again else (PKCS11Error,))):
            for one in _tokens(module):
                if _text(one.serial) == serial:
                    return one
    raise Unavailable("the token is not attached: put it in, then try again", where=f"token {serial}")


def _tokens(module: str) -> list[Any]:
    found = [slot.get_token() for slot in _library(module).get_slots(token_present=True)]
    return [one for one in found if TokenFlag.TOKEN_INITIALIZED in one.flags]


def _look_anew(module: str) -> None:
    """Starts the module anew (C_Finalize, C_Initialize): many see only the slots that there were at their start. No
    session is open: whoever is here holds the lock."""
    _library(module).reinitialize()


def _library(module: str) -> Any:
    if not module:
        raise Unavailable("no PKCS#11 module is set: name it in settings.toml, [hsm] module", where="hsm.module")
    if not Path(module).is_absolute():
        raise Unavailable("a PKCS#11 module is named by its whole path", where="hsm.module")
    return pkcs11.lib(module)


def _described(token: Any) -> Token:
    return Token(
        _text(token.serial), token.label, _text(token.manufacturer_id), _text(token.model),
        bool(token.flags & (TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED)),
    )


def _text(value: object) -> str:
    raw = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return raw.strip(" \x00")


@contextmanager
def _faults(where: str) -> Iterator[None]:
    """The module's errors as ours; what it says stays out, but for the kind."""
    try:
        yield
    except (PinIncorrect, PinInvalid, PinLenRange) as wrong:
        raise Refused("the PIN is wrong; the token counts the tries", where=where) from wrong
    except (PinLocked, PinExpired, UserPinNotInitialized) as wrong:
        raise Refused("the token's PIN is locked, expired or not set: use its maker's tool", where=where) from wrong
    except PKCS11Error as error:
        raise Unavailable(
            f"the token or its PKCS#11 module does not answer ({type(error).__name__})", where=where
        ) from error
    finally:
        _clear_openssl_errors()


def _clear_openssl_errors() -> None:
    """Modules share this process's libcrypto and may leave an error in the thread's queue (SoftHSM asks for an engine
    that is not there): the next TLS context would be refused for it. A refused list of ciphers clears the queue."""
    with contextlib.suppress(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers("")
