"""Real ceremonies with a software authenticator, and every way to cheat in one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
import pytest
import webauthn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_ceremonies import CHEATS, DESK, HOME, OTHER_SESSION, PORTAL, RP, SESSION, Clinic
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_attestation_object
from webauthn.helpers.encode_cbor import encode_cbor

from seifas.drill.soft_authenticator import Flaws, SoftAuthenticator
from seifas.errors import Conflict, Invalid, Missing, Refused, SeifasError, SignIn, TooLarge
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.challenges import LIFETIME_MS
from seifas.keeper.identity.passkeys import CopiedPasskey, relying_party


def test_registering_and_signing_in(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    [key] = clinic.accounts.get(ruta.id).passkeys
    assert (key.label, key.transports, key.syncable, key.sign_count) == ("phone", ("hybrid", "internal"), False, 1)
    signed = clinic.sign_in(phone, origin=PORTAL)
    assert signed == clinic.accounts.get(ruta.id)
    assert signed.passkeys[0].sign_count == 2
    assert signed.familiar[0].network == "10.1.2.0/24"


def test_options_ask_for_what_is_demanded(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    made = json.loads(passkeys.begin_registration(
        RP, clinic.challenges, clinic.accounts.get(ruta.id), session=SESSION, now_ms=clinic.now).options)
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["attestation"] == "none"
    assert made["user"]["id"] == bytes_to_base64url(ruta.id)
    assert len(made["excludeCredentials"]) == 1
    asked = json.loads(passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now).options)
    assert asked["userVerification"] == "required"
    assert asked["allowCredentials"] == []
    assert len(base64url_to_bytes(asked["challenge"])) == 32
    with pytest.raises(ValueError, match="registered already"):
        clinic.register(ruta, phone)


@pytest.mark.parametrize(("origin", "flaws"), CHEATS)
def test_cheating_at_registration(clinic: Clinic, ruta: Account, origin: str, flaws: Flaws) -> None:
    with pytest.raises(Refused):
        clinic.register(ruta, SoftAuthenticator(), origin=origin, flaws=flaws)
    assert clinic.accounts.get(ruta.id).passkeys == ()


@pytest.mark.parametrize("flaws", [
    Flaws(type="webauthn.get"), Flaws(attestation="tpm"), Flaws(attestation="android-safetynet"),
    Flaws(attestation="fido-u2f"), Flaws(attestation="packed"), Flaws(attestation="nonsense"),
])
def test_other_attestations_and_types_are_refused(clinic: Clinic, ruta: Account, flaws: Flaws) -> None:
    with pytest.raises(Refused):
        clinic.register(ruta, SoftAuthenticator(), flaws=flaws)


def attested(answer: str, statement: Callable[[bytes], dict[str, Any]]) -> str:
    """The answer with a "packed" attestation; `statement` gets the bytes to sign (WebAuthn 8.2)."""
    parts = json.loads(answer)
    data = parse_attestation_object(base64url_to_bytes(parts["response"]["attestationObject"]))
    raw = base64url_to_bytes(parts["response"]["attestationObject"])
    at = raw.index(data.auth_data.rp_id_hash)
    client_data = base64url_to_bytes(parts["response"]["clientDataJSON"])
    signed = raw[at:] + sha256(client_data).digest()
    packed = encode_cbor({"fmt": "packed", "attStmt": statement(signed), "authData": raw[at:]})
    parts["response"]["attestationObject"] = bytes_to_base64url(packed)
    return json.dumps(parts)


def test_self_attestation_is_taken_and_a_makers_certificate_is_not(clinic: Clinic, ruta: Account) -> None:
    maker = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "LT"),
                      x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Maker"),
                      x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
                      x509.NameAttribute(x509.NameOID.COMMON_NAME, "Key")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(maker.public_key()).serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(maker, hashes.SHA256()).public_bytes(Encoding.DER)
    )
    for own in (True, False):
        device = SoftAuthenticator()
        begun = passkeys.begin_registration(RP, clinic.challenges, ruta, session=SESSION, now_ms=clinic.now)
        answer = device.create(begun.options, DESK)
        key = device._held[device.credential_ids()[0]].private if own else maker
        packed = attested(answer, lambda signed, key=key, own=own: {  # type: ignore[misc]
            "alg": -7, "sig": key.sign(signed, ec.ECDSA(hashes.SHA256())), **({} if own else {"x5c": [certificate]}),
        })
        if own:
            assert clinic.registered(begun.handle, packed).passkeys
        else:
            options = json.loads(begun.options)
            assert webauthn.verify_registration_response(  # the library would take it
                credential=packed, expected_challenge=base64url_to_bytes(options["challenge"]),
                expected_rp_id="localhost", expected_origin=DESK).fmt == "packed"
            with pytest.raises(Refused):
                clinic.registered(begun.handle, packed)


@pytest.mark.parametrize("id_bytes", [0, 1, 15, 1024, 2000])
def test_credential_ids_of_senseless_length(clinic: Clinic, ruta: Account, id_bytes: int) -> None:
    with pytest.raises(Refused):
        clinic.register(ruta, SoftAuthenticator(id_bytes=id_bytes))


@pytest.mark.parametrize("key", [
    {1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\1" * 32},  # a point that is not on P-256
    {1: 2, 3: -7, -1: 3, -2: b"\1" * 66, -3: b"\1" * 66}, {1: 3, 3: -257, -1: b"\xff" * 64, -2: b"\1\0\1"},
    {1: 2, 3: -47, -1: 8, -2: b"\1" * 32, -3: b"\1" * 32}, {1: 4, 3: 5, -1: b"secret"}, {}, [], b"", "x",
    {1: 1, 3: -8, -1: 6, -2: b"short"},
])
def test_keys_that_are_none(clinic: Clinic, ruta: Account, key: Any) -> None:
    begun = passkeys.begin_registration(RP, clinic.challenges, ruta, session=SESSION, now_ms=clinic.now)
    answer = json.loads(SoftAuthenticator().create(begun.options, DESK))
    attestation = base64url_to_bytes(answer["response"]["attestationObject"])
    at = attestation.index(b"localhost") if b"localhost" in attestation else attestation.index(bytes(16)) - 37
    data = attestation[at : at + 37 + 16 + 2 + 32] + encode_cbor(key)
    spoilt = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
    answer["response"]["attestationObject"] = bytes_to_base64url(spoilt)
    with pytest.raises(Refused):
        clinic.registered(begun.handle, json.dumps(answer))
    assert clinic.accounts.get(ruta.id).passkeys == ()


def test_a_registration_belongs_to_its_session_and_is_one_try(clinic: Clinic, ruta: Account) -> None:
    with pytest.raises(Refused):
        clinic.register(ruta, SoftAuthenticator(), finish_in=OTHER_SESSION)
    begun = passkeys.begin_registration(RP, clinic.challenges, ruta, session=SESSION, now_ms=clinic.now)
    answer = SoftAuthenticator().create(begun.options, DESK)
    with pytest.raises(Refused):
        clinic.registered(begun.handle, answer, OTHER_SESSION)
    with pytest.raises(Refused):
        clinic.registered(begun.handle, answer)
    assert clinic.accounts.get(ruta.id).passkeys == ()


def test_nobody_registers_a_colleagues_passkey(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    jonas = clinic.person("jonas")
    begun = passkeys.begin_registration(RP, clinic.challenges, jonas, session=SESSION, now_ms=clinic.now)
    forged = SoftAuthenticator()
    answer = forged.create(begun.options, DESK)
    stolen_id = clinic.accounts.get(ruta.id).passkeys[0].credential_id
    own_id = forged.credential_ids()[0]
    parts = json.loads(answer)
    attestation = base64url_to_bytes(parts["response"]["attestationObject"]).replace(own_id, stolen_id)
    parts["response"]["attestationObject"] = bytes_to_base64url(attestation)
    parts["id"] = parts["rawId"] = bytes_to_base64url(stolen_id)
    with pytest.raises(Conflict):
        clinic.registered(begun.handle, json.dumps(parts))
    assert clinic.sign_in(phone).id == ruta.id


@pytest.mark.parametrize(("origin", "flaws"), CHEATS)
def test_cheating_at_sign_in(clinic: Clinic, phone: SoftAuthenticator, origin: str, flaws: Flaws) -> None:
    with pytest.raises(SignIn):
        clinic.sign_in(phone, origin=origin, flaws=flaws)
    assert clinic.sign_in(phone)


@pytest.mark.parametrize("flaws", [
    Flaws(type="webauthn.create"), Flaws(spoil_signature=True), Flaws(user_handle=b"x" * 16), Flaws(user_handle=b""),
    Flaws(syncable=True),
])
def test_cheating_with_the_key_itself(clinic: Clinic, phone: SoftAuthenticator, flaws: Flaws) -> None:
    with pytest.raises(SignIn):
        clinic.sign_in(phone, flaws=flaws)


def test_an_answer_is_good_once_and_for_five_minutes(clinic: Clinic, phone: SoftAuthenticator) -> None:
    begun = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now)
    answer = phone.get(begun.options, DESK)
    clinic.signed_in(begun.handle, answer)
    with pytest.raises(Refused):
        clinic.signed_in(begun.handle, answer)
    begun = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now)
    answer = phone.get(begun.options, DESK)
    clinic.now += LIFETIME_MS
    with pytest.raises(Refused):
        clinic.signed_in(begun.handle, answer)


def test_an_answer_to_another_challenge_is_refused(clinic: Clinic, phone: SoftAuthenticator) -> None:
    mine, other = (passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now) for _ in range(2))
    with pytest.raises(SignIn):
        clinic.signed_in(mine.handle, phone.get(other.options, DESK))
    with pytest.raises(Refused):
        clinic.signed_in(mine.handle, phone.get(mine.options, DESK))  # a handle is one try


def test_a_copied_passkey_is_refused_and_named(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    copy = phone.clone()
    clinic.sign_in(phone)
    clinic.sign_in(phone)
    with pytest.raises(CopiedPasskey) as caught:
        clinic.sign_in(copy)
    assert caught.value.account == ruta.id
    assert caught.value.credential_id == phone.credential_ids()[0]
    assert caught.value.code == "refused"
    assert clinic.accounts.get(ruta.id).passkeys[0].sign_count == 3
    assert clinic.sign_in(phone)


def test_the_copy_alarm_needs_a_true_signature(clinic: Clinic, phone: SoftAuthenticator) -> None:
    clinic.sign_in(phone)
    with pytest.raises(SignIn):
        clinic.sign_in(phone, flaws=Flaws(counter=0, spoil_signature=True))
    with pytest.raises(CopiedPasskey):
        clinic.sign_in(phone, flaws=Flaws(counter=0))


def test_synced_passkeys_do_not_count(clinic: Clinic, ruta: Account) -> None:
    device = SoftAuthenticator(counts=False, syncable=True)
    clinic.register(ruta, device)
    for _ in range(3):
        signed = clinic.sign_in(device)
    assert (signed.passkeys[0].sign_count, signed.passkeys[0].backed_up) == (0, True)


def test_unknown_removed_and_disabled_sound_the_same(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    tablet, foreign = SoftAuthenticator(), SoftAuthenticator()
    clinic.register(ruta, tablet)
    elsewhere = Clinic(clinic.now)
    elsewhere.register(elsewhere.person(), foreign)
    people.remove_passkey(clinic.accounts, ruta.id, tablet.credential_ids()[0])
    words = set()
    for device in (tablet, foreign):
        with pytest.raises(SignIn) as caught:
            clinic.sign_in(device)
        words.add((caught.value.message, caught.value.where))
    people.disable(clinic.accounts, ruta.id, by=b"o" * 16, now_ms=clinic.now)
    with pytest.raises(SignIn) as caught:
        clinic.sign_in(phone)
    words.add((caught.value.message, caught.value.where))
    assert len(words) == 1


def test_a_sign_in_for_one_account_takes_no_other(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    begun = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now, account=b"j" * 16)
    with pytest.raises(SignIn):
        clinic.signed_in(begun.handle, phone.get(begun.options, DESK))


HOSTILE = [
    "", "null", "[]", "7", '"x"', "{", "{}", '{"response": {}}', '{"response": []}', "[" * 5_000, "\0", "ą", "\ud800",
    '{"rawId": 7, "response": {}}', '{"rawId": "!!!", "response": {"userHandle": 7}}',
    '{"rawId": "AAAA", "id": "AAAA", "type": "public-key", "response": {"clientDataJSON": "e30"}}',
]


@pytest.mark.parametrize("answer", HOSTILE)
def test_answers_that_are_none(clinic: Clinic, ruta: Account, answer: str) -> None:
    for inside in (True, False):
        if inside:
            begun = passkeys.begin_registration(RP, clinic.challenges, ruta, session=SESSION, now_ms=clinic.now)
        else:
            begun = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now)
        with pytest.raises(SeifasError) as caught:
            clinic.registered(begun.handle, answer) if inside else clinic.signed_in(begun.handle, answer)
        assert isinstance(caught.value, Invalid | Refused)


def test_huge_answers_and_labels(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    begun = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now)
    with pytest.raises(TooLarge):
        clinic.signed_in(begun.handle, " " * 20_000)
    begun = passkeys.begin_registration(RP, clinic.challenges, ruta, session=SESSION, now_ms=clinic.now)
    with pytest.raises(Invalid):
        clinic.registered(begun.handle, SoftAuthenticator().create(begun.options, DESK), label="x" * 61)
    with pytest.raises(Refused):
        clinic.signed_in("h" * 100_000, "{}")


@given(st.data())
@settings(max_examples=of_whole(120), deadline=None)
def test_no_changed_byte_of_an_answer_signs_anybody_in(data: st.DataObject) -> None:
    clinic = Clinic(1_790_000_000_000)
    ruta, device = clinic.person(), SoftAuthenticator()
    clinic.register(ruta, device)
    begun = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now)
    answer = json.loads(device.get(begun.options, DESK))
    part = data.draw(st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]))
    raw = bytearray(base64url_to_bytes(answer["response"][part]))
    raw[data.draw(st.integers(0, 10_000)) % len(raw)] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, 10_000)) % len(raw)
    answer["response"][part] = bytes_to_base64url(bytes(raw[: cut or None]))
    before = clinic.accounts.get(ruta.id)
    with pytest.raises(SeifasError):
        clinic.signed_in(begun.handle, json.dumps(answer))
    assert clinic.accounts.get(ruta.id) == before


@pytest.mark.parametrize(("rp_id", "origins"), [
    ("127.0.0.1", ("http://127.0.0.1:8000",)), ("::1", ("http://[::1]:8000",)), ("", ("https://a.example",)),
    ("clinic.example", ()), ("clinic.example", ("http://clinic.example",)),
    ("clinic.example", ("https://evilclinic.example",)), ("clinic.example", ("https://clinic.example/",)),
    ("clinic.example", ("https://clinic.example.evil",)), ("Clinic.example", ("https://clinic.example",)),
    ("ąžuolas.lt", ("https://ąžuolas.lt",)), ("localhost", ("http://127.0.0.1:8000",)), ("clinic.example", ("x",)),
    ("clinic.example", ("https://user@clinic.example@evil.example",)),
])
def test_settings_that_cannot_work_refuse_to_start(rp_id: str, origins: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        relying_party(rp_id, "x", origins)


def test_settings_that_work() -> None:
    assert relying_party("clinic.example", "x", ("https://clinic.example", "https://desk.clinic.example:8443"))


def test_passkeys_survive_storage(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    row = msgspec.msgpack.encode(clinic.accounts.get(ruta.id))
    clinic.accounts.load([msgspec.msgpack.decode(row, type=Account)])
    assert clinic.sign_in(phone).id == ruta.id
    with pytest.raises(Missing):
        clinic.accounts.get(b"x" * 16)
