"""Gestures for one request of one session, and the challenges behind them."""

from __future__ import annotations

import json

import pytest
from identity_ceremonies import CHEATS, DESK, HOME, OTHER_SESSION, RP, SESSION, Clinic
from webauthn.helpers import bytes_to_base64url

from seifas.drill.soft_authenticator import Flaws, SoftAuthenticator
from seifas.errors import Invalid, Refused, SignIn, StepUp
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.challenges import LIFETIME_MS, ChallengeTable, Kind
from seifas.keeper.identity.gestures import LIFETIME_MS as GESTURE_MS
from seifas.keeper.identity.gestures import MOST_PER_SESSION, Gesture, GestureTable, request_digest


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
