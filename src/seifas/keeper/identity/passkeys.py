"""Passkeys (WebAuthn level 2): registering one, signing in with one, and a gesture for one request.

The ceremonies are py_webauthn's; this file says what is demanded of them: user verification always, a discoverable
credential, our own origins and nothing embedded in another page, attestation "none" (or self-signed "packed": which
device a person uses is their affair, and every attestation parser is a parser of hostile input in the process with the
keys), and a counter that never runs backwards.

Options never list a stranger's credentials, whatever name was typed: passkeys are discoverable, so there is no need to
say which accounts exist. WebAuthn wants a domain, never an address: a demo at 127.0.0.1 does its passkeys at
`http://localhost:PORT`, with rp id "localhost", the one name for which browsers accept plain http.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import webauthn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from msgspec.structs import replace
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from seifas.errors import Invalid, Refused, SignIn, TooLarge
from seifas.keeper.identity.accounts import (
    MOST_PASSKEYS,
    Account,
    AccountTable,
    Passkey,
    add_passkey,
    check_text,
    passkey_used,
    signed_in_from,
)
from seifas.keeper.identity.challenges import LIFETIME_MS, ChallengeTable, Kind
from seifas.keeper.identity.gestures import Gesture
from seifas.keeper.identity.networks import network_of

MOST_CREDENTIAL = 16_384
_ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "hybrid", "internal", "smart-card", "cable"})
_Verified = TypeVar("_Verified")


class RelyingParty(msgspec.Struct, frozen=True):
    """Who we are to an authenticator; make it with `relying_party`, which checks the three against each other."""

    rp_id: str
    name: str
    origins: tuple[str, ...]


class Ceremony(msgspec.Struct, frozen=True):
    """A ceremony begun: the handle to bring back, and the options for the browser as JSON text."""

    handle: str
    options: str


class CopiedPasskey(Refused):
    """A valid signature with a counter that did not grow: perhaps a second copy of the passkey. The caller rings."""

    def __init__(self, account: bytes, credential_id: bytes) -> None:
        super().__init__(
            "This passkey may have been copied: its counter went back. Use another; the officer has been told.",
            where="passkey-counter",
        )
        self.account = account
        self.credential_id = credential_id


def relying_party(rp_id: str, name: str, origins: tuple[str, ...]) -> RelyingParty:
    """Check the settings. Raises Invalid for an address instead of a domain, a foreign origin, or plain http."""
    try:
        ipaddress.ip_address(rp_id.strip("[]"))
    except ValueError:
        pass
    else:
        raise Invalid("Passkeys need a domain name, not an address. On this machine use localhost.", where="rp_id")
    if not rp_id or rp_id != rp_id.lower() or not rp_id.isascii() or not origins:
        raise Invalid("The passkey domain is lower-case ASCII, with at least one origin.", where="rp_id")
    for origin in origins:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if origin != f"{parts.scheme}://{parts.netloc}" or not (host == rp_id or host.endswith("." + rp_id)):
            raise Invalid("An origin is scheme://host[:port] at the passkey domain or below it.", where="origins")
        if parts.scheme != "https" and not (parts.scheme == "http" and host == "localhost"):
            raise Invalid("An origin uses https; only localhost may use http.", where="origins")
    return RelyingParty(rp_id=rp_id, name=name, origins=origins)


def begin_registration(
    rp: RelyingParty, challenges: ChallengeTable, account: Account, *, session: bytes, now_ms: int
) -> Ceremony:
    """Options for navigator.credentials.create() for this account in this session."""
    if len(account.passkeys) >= MOST_PASSKEYS:
        raise Invalid(f"An account has at most {MOST_PASSKEYS} passkeys. Remove one first.", where="passkey")
    begun = challenges.new(Kind.REGISTER, owner=session, account=account.id, now_ms=now_ms)
    options = webauthn.generate_registration_options(
        rp_id=rp.rp_id, rp_name=rp.name, user_id=account.id, user_name=account.name, user_display_name=account.display,
        challenge=begun.challenge, timeout=LIFETIME_MS, exclude_credentials=_descriptors(account),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED,
        ),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return Ceremony(handle=begun.handle, options=webauthn.options_to_json(options))


def finish_registration(
    rp: RelyingParty, challenges: ChallengeTable, accounts: AccountTable, *,
    handle: str, credential: str, label: str, session: bytes, now_ms: int,
) -> Account:
    """Add the new passkey to its account. Raises Refused, Invalid, TooLarge, Conflict."""
    begun = challenges.take(handle, Kind.REGISTER, now_ms=now_ms, session=session)
    label = check_text(label, where="label", most=60)
    answer = _parsed(credential)
    found = _verified(lambda: _registration(rp, answer, begun.challenge))
    if found is None or begun.account is None:
        raise Refused("This passkey was not accepted. Try again.", where="passkey")
    key = Passkey(
        credential_id=found.credential_id, public_key=found.credential_public_key, sign_count=found.sign_count,
        label=label, added_ms=now_ms, aaguid=found.aaguid, backed_up=found.credential_backed_up,
        syncable=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE, transports=_transports(answer),
    )
    return add_passkey(accounts, begun.account, key)


def begin_sign_in(
    rp: RelyingParty, challenges: ChallengeTable, *, address: str, now_ms: int, account: bytes | None = None
) -> Ceremony:
    """Options for navigator.credentials.get() for anyone; with `account` (resume) only that one will be accepted."""
    begun = challenges.new(Kind.SIGN_IN, owner=network_of(address).encode(), account=account, now_ms=now_ms)
    return _asking(rp, begun.handle, begun.challenge, [])


def finish_sign_in(
    rp: RelyingParty, challenges: ChallengeTable, accounts: AccountTable, *,
    handle: str, credential: str, address: str, now_ms: int,
) -> tuple[Account, Passkey]:
    """The account that signed in, changed, and the passkey it used. Raises SignIn in the same words; CopiedPasskey."""
    begun = challenges.take(handle, Kind.SIGN_IN, now_ms=now_ms)
    account, key = _answered(rp, accounts, credential, begun.challenge, now_ms)
    if account.disabled or begun.account not in (None, account.id):
        raise _not_accepted()
    passkey_used(accounts, account.id, key)
    changed = signed_in_from(accounts.get(account.id), network_of(address), now_ms)
    accounts.put(changed)
    return changed, key


def begin_step_up(
    rp: RelyingParty, challenges: ChallengeTable, account: Account, *, session: bytes, digest: bytes, now_ms: int
) -> Ceremony:
    """Options for a gesture of this account for one request. Raises Invalid, Refused when it has no passkey."""
    if len(digest) != 32:
        raise Invalid("A request is named by its SHA-256.", where="digest")
    if not account.passkeys:
        raise Refused("This needs a passkey, and this account has none yet.", where="passkey")
    begun = challenges.new(Kind.STEP_UP, owner=session, account=account.id, digest=digest, now_ms=now_ms)
    return _asking(rp, begun.handle, begun.challenge, _descriptors(account))


def finish_step_up(
    rp: RelyingParty, challenges: ChallengeTable, accounts: AccountTable, *,
    handle: str, credential: str, session: bytes, now_ms: int,
) -> tuple[Account, Gesture]:
    """The account, changed, and the gesture for the caller to keep (`GestureTable.put`) once both are through.

    The request is the one named at the beginning: nothing in the answer can name another.
    """
    begun = challenges.take(handle, Kind.STEP_UP, now_ms=now_ms, session=session)
    account, key = _answered(rp, accounts, credential, begun.challenge, now_ms)
    if account.disabled or account.id != begun.account:
        raise _not_accepted()
    changed = passkey_used(accounts, account.id, key)
    return changed, Gesture(
        account=account.id, session=session, digest=begun.digest, at_ms=now_ms, credential_id=key.credential_id,
    )


def _asking(
    rp: RelyingParty, handle: str, challenge: bytes, allowed: list[PublicKeyCredentialDescriptor]
) -> Ceremony:
    options = webauthn.generate_authentication_options(
        rp_id=rp.rp_id, challenge=challenge, timeout=LIFETIME_MS, allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Ceremony(handle=handle, options=webauthn.options_to_json(options))


def _answered(
    rp: RelyingParty, accounts: AccountTable, credential: str, challenge: bytes, now_ms: int
) -> tuple[Account, Passkey]:
    answer = _parsed(credential)
    known = _verified(lambda: _owner(accounts, answer))
    if known is None:
        raise _not_accepted()
    account, key = known
    found = _verified(lambda: _authentication(rp, answer, challenge, key))
    if found is None or (found.credential_device_type is CredentialDeviceType.MULTI_DEVICE) is not key.syncable:
        raise _not_accepted()
    # The library was told that the last count was 0, so that a lower counter is seen here, *after* the signature:
    # otherwise anybody who knows a credential id could ring this alarm. Zero twice means an authenticator that does
    # not count, as synced passkeys do (WebAuthn 6.1.1).
    if (found.new_sign_count or key.sign_count) and found.new_sign_count <= key.sign_count:
        raise CopiedPasskey(account.id, key.credential_id)
    return account, replace(
        key, sign_count=found.new_sign_count, backed_up=found.credential_backed_up, used_ms=now_ms,
    )


def _owner(accounts: AccountTable, answer: dict[str, Any]) -> tuple[Account, Passkey] | None:
    credential_id = base64url_to_bytes(answer["rawId"])
    account = accounts.by_credential(credential_id)
    named = answer["response"].get("userHandle")
    if account is None or (named is not None and base64url_to_bytes(named) != account.id):
        return None
    return account, next(key for key in account.passkeys if key.credential_id == credential_id)


def _authentication(rp: RelyingParty, answer: dict[str, Any], challenge: bytes, key: Passkey) -> Any:
    _same_page(answer)
    return webauthn.verify_authentication_response(
        credential=answer, expected_challenge=challenge, expected_rp_id=rp.rp_id, expected_origin=list(rp.origins),
        credential_public_key=key.public_key, credential_current_sign_count=0, require_user_verification=True,
    )


def _registration(rp: RelyingParty, answer: dict[str, Any], challenge: bytes) -> Any:
    _same_page(answer)
    attestation = parse_attestation_object(base64url_to_bytes(answer["response"]["attestationObject"]))
    if attestation.fmt not in ("none", "packed") or attestation.att_stmt.x5c:
        raise ValueError("attestation")
    found = webauthn.verify_registration_response(
        credential=answer, expected_challenge=challenge, expected_rp_id=rp.rp_id, expected_origin=list(rp.origins),
        require_user_verification=True, supported_pub_key_algs=_ALGORITHMS,
    )
    if not 16 <= len(found.credential_id) <= 1023:  # WebAuthn 7.1: at most 1023; 16 is what makes it unguessable
        raise ValueError("credential id")
    public = decoded_public_key_to_cryptography(decode_credential_public_key(found.credential_public_key))
    if not (
        isinstance(public, ed25519.Ed25519PublicKey)
        or (isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1))
        or (isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048)
    ):
        raise ValueError("key")
    return found


def _same_page(answer: dict[str, Any]) -> None:
    client_data = base64url_to_bytes(answer["response"]["clientDataJSON"])
    if parse_client_data_json(client_data).cross_origin or "topOrigin" in json.loads(client_data):
        raise ValueError("embedded")


def _verified(ceremony: Callable[[], _Verified | None]) -> _Verified | None:
    """Run a ceremony over hostile bytes: whatever it raises means no."""
    try:
        return ceremony()
    # CBOR, COSE, DER and JSON from outside fail in more ways than the library declares (KeyError, IndexError,
    # TypeError ...). Each of them is a credential that was not verified, and none is worth a trace with its bytes.
    except Exception:
        return None


def _parsed(credential: str) -> dict[str, Any]:
    if len(credential) > MOST_CREDENTIAL:
        raise TooLarge("This is too long for a passkey's answer.", where="credential")
    try:
        answer = json.loads(credential)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise Invalid("This is no passkey's answer.", where="credential")
    return answer


def _transports(answer: dict[str, Any]) -> tuple[str, ...]:
    said = answer["response"].get("transports")
    return tuple(sorted({one for one in said if isinstance(one, str)} & _TRANSPORTS)) if isinstance(said, list) else ()


def _descriptors(account: Account) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=key.credential_id) for key in account.passkeys]


def _not_accepted() -> SignIn:
    return SignIn("This passkey was not accepted.", where="passkey")
