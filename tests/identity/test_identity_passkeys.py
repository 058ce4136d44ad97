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
from hypothesis import given, settings
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_attestation_object
from webauthn.helpers.encode_cbor import encode_cbor

from seifas.drill.soft_authenticator import Flaws, SoftAuthenticator
from seifas.errors import Conflict, Invalid, Missing, Refused, SeifasError, SignIn, StepUp, TooLarge
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.accounts import Account, AccountTable, Passkey
from seifas.keeper.identity.challenges import LIFETIME_MS, ChallengeTable, Kind
from seifas.keeper.identity.gestures import LIFETIME_MS as GESTURE_MS
from seifas.keeper.identity.gestures import MOST_PER_SESSION, Gesture, GestureTable, request_digest
from seifas.keeper.identity.passkeys import CopiedPasskey, relying_party

DESK, PORTAL = "http://localhost:8001", "http://localhost:8000"
RP = relying_party("localhost", "Klinika Ąžuolas", (PORTAL, DESK))
SESSION, OTHER_SESSION = b"s" * 16, b"t" * 16
HOME = "10.1.2.3"
HONEST = Flaws()


class Clinic:
    """One table of each, and the ceremonies with the usual arguments filled in."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.accounts, self.challenges, self.gestures = AccountTable(), ChallengeTable(), GestureTable()

    def person(self, name: str = "ruta") -> Account:
        return people.create(self.accounts, name=name, display=name.title(), hats=["doctor"], now_ms=1)

    def register(self, account: Account, device: SoftAuthenticator, *, origin: str = DESK, flaws: Flaws = HONEST,
                 finish_in: bytes = SESSION) -> Account:
        begun = passkeys.begin_registration(
            RP, self.challenges, self.accounts.get(account.id), session=SESSION, now_ms=self.now)
        answer = device.create(begun.options, origin, flaws)
        return self.registered(begun.handle, answer, finish_in)

    def registered(self, handle: str, answer: str, session: bytes = SESSION, label: str = "phone") -> Account:
        return passkeys.finish_registration(
            RP, self.challenges, self.accounts, handle=handle, credential=answer, label=label, session=session,
            now_ms=self.now)

    def sign_in(self, device: SoftAuthenticator, *, origin: str = DESK, flaws: Flaws = HONEST) -> Account:
        begun = passkeys.begin_sign_in(RP, self.challenges, address=HOME, now_ms=self.now)
        return self.signed_in(begun.handle, device.get(begun.options, origin, flaws))[0]

    def signed_in(self, handle: str, answer: str) -> tuple[Account, Passkey]:
        return passkeys.finish_sign_in(
            RP, self.challenges, self.accounts, handle=handle, credential=answer, address=HOME, now_ms=self.now)

    def step_up(self, account: Account, device: SoftAuthenticator, digest: bytes, *, origin: str = DESK,
                flaws: Flaws = HONEST, finish_in: bytes = SESSION) -> Gesture:
        begun = passkeys.begin_step_up(
            RP, self.challenges, self.accounts.get(account.id), session=SESSION, digest=digest, now_ms=self.now)
        answer = device.get(begun.options, origin, flaws)
        return passkeys.finish_step_up(
            RP, self.challenges, self.accounts, handle=begun.handle, credential=answer, session=finish_in,
            now_ms=self.now)[1]

    def redeem(self, account: Account, digest: bytes, *, session: bytes = SESSION, after_ms: int = 0) -> Gesture:
        return self.gestures.redeem(
            session=session, account=account.id, digest=digest, now_ms=self.now + after_ms)


@pytest.fixture
def clinic(now: int) -> Clinic:
    return Clinic(now)


@pytest.fixture
def ruta(clinic: Clinic) -> Account:
    return clinic.person()


@pytest.fixture
def phone(clinic: Clinic, ruta: Account) -> SoftAuthenticator:
    device = SoftAuthenticator()
    clinic.register(ruta, device)
    return device


CHEATS = [
    pytest.param(DESK, Flaws(user_verified=False), id="no user verification"),
    pytest.param(DESK, Flaws(user_present=False), id="no user present"),
    pytest.param(DESK, Flaws(rp_id="evil.example"), id="another site's key"),
    pytest.param("https://evil.example", Flaws(), id="phishing page"),
    pytest.param("http://localhost:9999", Flaws(), id="another port"),
    pytest.param("https://localhost:8001", Flaws(), id="another scheme"),
    pytest.param(DESK + "/", Flaws(), id="origin with a path"),
    pytest.param("", Flaws(), id="no origin"),
    pytest.param(DESK, Flaws(challenge=b"x" * 32), id="another challenge"),
    pytest.param(DESK, Flaws(challenge=b""), id="no challenge"),
    pytest.param(DESK, Flaws(cross_origin=True), id="embedded in a page"),
    pytest.param(DESK, Flaws(top_origin="https://evil.example"), id="embedded in a named page"),
]


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


def test_a_gesture_is_for_one_request_of_one_session_once(
    clinic: Clinic, ruta: Account, phone: SoftAuthenticator
) -> None:
    digest = request_digest("record.read", {"patient": b"p" * 16})
    clinic.gestures.put(clinic.step_up(ruta, phone, digest))
    for wrong in ({"session": OTHER_SESSION}, {"digest": request_digest("record.read", {"patient": b"q" * 16})}):
        with pytest.raises(StepUp):
            clinic.redeem(ruta, **{"digest": digest, **wrong})  # type: ignore[arg-type]
    assert clinic.redeem(ruta, digest).credential_id == phone.credential_ids()[0]
    with pytest.raises(StepUp):
        clinic.redeem(ruta, digest)


@pytest.mark.parametrize("after_ms", [GESTURE_MS, -1])
def test_a_gesture_is_soon_stale(clinic: Clinic, ruta: Account, phone: SoftAuthenticator, after_ms: int) -> None:
    clinic.gestures.put(clinic.step_up(ruta, phone, b"d" * 32))
    with pytest.raises(StepUp):
        clinic.redeem(ruta, b"d" * 32, after_ms=after_ms)


def test_a_gesture_of_another_account_does_not_count(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    clinic.gestures.put(clinic.step_up(ruta, phone, b"d" * 32))
    with pytest.raises(StepUp):
        clinic.redeem(clinic.person("jonas"), b"d" * 32)


@pytest.mark.parametrize(("origin", "flaws"), CHEATS)
def test_cheating_at_a_gesture(
    clinic: Clinic, ruta: Account, phone: SoftAuthenticator, origin: str, flaws: Flaws
) -> None:
    with pytest.raises(SignIn):
        clinic.step_up(ruta, phone, b"d" * 32, origin=origin, flaws=flaws)


def test_a_challenge_of_another_session_is_refused(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    with pytest.raises(Refused):
        clinic.step_up(ruta, phone, b"d" * 32, finish_in=OTHER_SESSION)


def test_a_colleagues_passkey_is_no_gesture_of_mine(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    jonas, tablet = clinic.person("jonas"), SoftAuthenticator()
    clinic.register(jonas, tablet)
    begun = passkeys.begin_step_up(
        RP, clinic.challenges, clinic.accounts.get(ruta.id), session=SESSION, digest=b"d" * 32, now_ms=clinic.now)
    options = json.loads(begun.options)
    assert [one["id"] for one in options["allowCredentials"]] == [bytes_to_base64url(phone.credential_ids()[0])]
    answer = tablet.get(json.dumps({**options, "allowCredentials": []}), DESK)
    with pytest.raises(SignIn):
        passkeys.finish_step_up(RP, clinic.challenges, clinic.accounts, handle=begun.handle, credential=answer,
                                session=SESSION, now_ms=clinic.now)


def test_a_sign_in_is_no_gesture_and_the_other_way_round(
    clinic: Clinic, ruta: Account, phone: SoftAuthenticator
) -> None:
    sign_in = passkeys.begin_sign_in(RP, clinic.challenges, address=HOME, now_ms=clinic.now)
    with pytest.raises(Refused):
        passkeys.finish_step_up(
            RP, clinic.challenges, clinic.accounts, handle=sign_in.handle, credential=phone.get(sign_in.options, DESK),
            session=SESSION, now_ms=clinic.now)
    gesture = passkeys.begin_step_up(
        RP, clinic.challenges, clinic.accounts.get(ruta.id), session=SESSION, digest=b"d" * 32, now_ms=clinic.now)
    with pytest.raises(Refused):
        clinic.signed_in(gesture.handle, phone.get(gesture.options, DESK))


def test_gestures_need_a_passkey_and_a_digest(clinic: Clinic, ruta: Account) -> None:
    with pytest.raises(Refused):
        clinic.step_up(ruta, SoftAuthenticator(), b"d" * 32)
    clinic.register(ruta, SoftAuthenticator())
    for digest in (b"", b"d" * 31, b"d" * 33):
        with pytest.raises(Invalid):
            clinic.step_up(ruta, SoftAuthenticator(), digest)


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
@settings(max_examples=120, deadline=None)
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


def test_strangers_cannot_fill_the_table_or_push_out_sessions(now: int) -> None:
    table = ChallengeTable(most=100, per_network=10, per_session=3)
    mine = table.new(Kind.STEP_UP, owner=SESSION, account=b"r" * 16, digest=b"d" * 32, now_ms=now)
    theirs = table.new(Kind.SIGN_IN, owner=b"neighbour", now_ms=now)
    for _ in range(500):
        table.new(Kind.SIGN_IN, owner=b"one network", now_ms=now)
    assert len(table) == 12
    assert table.take(theirs.handle, Kind.SIGN_IN, now_ms=now) == theirs
    for at in range(500):
        table.new(Kind.SIGN_IN, owner=str(at).encode(), now_ms=now)
    assert len(table) == 101
    assert table.take(mine.handle, Kind.STEP_UP, now_ms=now, session=SESSION) == mine
    first = table.new(Kind.STEP_UP, owner=SESSION, account=b"r" * 16, digest=b"d" * 32, now_ms=now)
    for _ in range(3):
        table.new(Kind.STEP_UP, owner=SESSION, account=b"r" * 16, digest=b"d" * 32, now_ms=now)
    with pytest.raises(Refused):
        table.take(first.handle, Kind.STEP_UP, now_ms=now, session=SESSION)
    table.sweep(now + LIFETIME_MS)
    assert len(table) == 0
    assert table._owned == {True: {}, False: {}}


def test_a_challenge_of_one_ceremony_is_none_of_another(now: int) -> None:
    table = ChallengeTable()
    for made_for, taken_for in ((Kind.REGISTER, Kind.STEP_UP), (Kind.STEP_UP, Kind.REGISTER)):
        made = table.new(made_for, owner=SESSION, account=b"r" * 16, now_ms=now)
        with pytest.raises(Refused):
            table.take(made.handle, taken_for, now_ms=now, session=SESSION)


def test_gestures_are_few_a_session_and_go_with_it(now: int) -> None:
    table = GestureTable()
    for at in range(50):
        table.put(Gesture(account=b"r" * 16, session=SESSION, digest=bytes([at]) * 32, at_ms=now, credential_id=b"k"))
    assert len(table) == MOST_PER_SESSION
    table.put(Gesture(account=b"r" * 16, session=OTHER_SESSION, digest=b"d" * 32, at_ms=now, credential_id=b"k"))
    table.remove(SESSION)
    assert len(table) == 1
    table.sweep(now + GESTURE_MS)
    assert len(table) == 0


def test_request_digests_tell_requests_apart_and_nothing_else() -> None:
    one = request_digest("record.read", {"patient": b"p", "type": "Patient"})
    assert one == request_digest("record.read", {"type": "Patient", "patient": b"p"})
    assert len(one) == 32
    others = [("record.read", {"patient": "p", "type": "Patient"}),
              ("record.write", {"patient": b"p", "type": "Patient"}),
              ("record.read", {"patient": b"p"}), ("record.read", {"patient": b"p", "type": "Patient", "x": None})]
    assert one not in [request_digest(op, args) for op, args in others]


def test_passkeys_survive_storage(clinic: Clinic, ruta: Account, phone: SoftAuthenticator) -> None:
    row = msgspec.msgpack.encode(clinic.accounts.get(ruta.id))
    clinic.accounts.load([msgspec.msgpack.decode(row, type=Account)])
    assert clinic.sign_in(phone).id == ruta.id
    with pytest.raises(Missing):
        clinic.accounts.get(b"x" * 16)
