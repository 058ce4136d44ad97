"""A stolen cookie stays a stolen cookie: it makes itself no passkey, wears no other hat, outlives no freeze, and a
gesture that its owner made for one thing serves no other.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seifas.drill.soft_authenticator import Flaws, SoftAuthenticator
from seifas.drill.stage import Answer, Stage
from seifas.drill.thieves import Hands, Stopped, Thief, enrol, form_of, open_all, origin_of, sign_in, word_of
from seifas.drill.thieves_clock import HOUR_MS, MovedVault
from seifas.drill.thieves_truth import Truth
from seifas.drill.thieves_wire import WireThief, enrol_by_wire, forged_tokens, sign_in_by_wire, visit_change
from seifas.errors import OverBudget, Refused, SeifasError, SignIn, StepUp
from seifas.keeper.identity.gestures import MEANS_CHANGE, request_digest

Vaults = Callable[[], MovedVault]


def ten_minutes_later(vault: MovedVault, *tokens: str) -> None:
    """Time passes while the owner is at work, so that no session locks."""
    for _ in range(3):
        vault.let_pass(240_000)
        for token in tokens:
            vault.call("session.list", session=token)


def own_passkey(vault: MovedVault, token: str) -> None:
    """What a thief would like: a passkey of his own on the account."""
    enrol_by_wire(vault.call, token, vault.keeper.settings.origins[0])


# -- making oneself stronger


def test_a_stolen_session_adds_no_passkey_of_the_thiefs(moved_vault: Vaults) -> None:
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    token = vault.sign_in("doctor1")
    own_passkey(vault, token)  # the owner, who has just signed in
    with pytest.raises(StepUp):
        own_passkey(vault, token)
    bare = vault.sign_in("doctor2")  # an account without a passkey
    ten_minutes_later(vault, bare)
    with pytest.raises(Refused):
        own_passkey(vault, bare)
    with pytest.raises(Refused):
        vault.call("password.begin", session=bare)
    key = enrol_by_wire(vault.call, vault.sign_in("doctor3"), origin)
    signed = sign_in_by_wire(vault.call, key, origin)
    with pytest.raises(StepUp):
        own_passkey(vault, signed)  # signing in by passkey is no gesture over this


def test_a_gesture_over_a_patient_lets_nobody_change_how_one_signs_in(moved_vault: Vaults, truth: Truth) -> None:
    """The owner opens a patient with a gesture; whoever rides on the session has not five minutes for a passkey."""
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    owner = WireThief(vault.call, sign_in_by_wire(vault.call, key, origin), key, origin)
    owner.gesture(request_digest("open", {"patient": bytes.fromhex(truth.cold("doctor1", vault.now_ms)[0])}))
    with pytest.raises(StepUp):
        own_passkey(vault, owner.session)
    with pytest.raises(StepUp):
        vault.call("password.begin", session=owner.session)
    owner.gesture(MEANS_CHANGE)
    own_passkey(vault, owner.session)
    ten_minutes_later(vault, owner.session)
    with pytest.raises(StepUp):
        own_passkey(vault, owner.session)


def test_a_gesture_opens_the_one_patient_it_was_made_for(moved_vault: Vaults, truth: Truth) -> None:
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    owner = WireThief(vault.call, vault.sign_in("doctor1"), key, origin)
    thief = WireThief(vault.call, owner.session)
    cold = truth.cold("doctor1", vault.now_ms)
    for patient in cold[:10]:
        assert thief.everything(patient)
    meant, other = cold[10], cold[11]
    owner.gesture(request_digest("open", {"patient": bytes.fromhex(meant)}))
    assert not thief.everything(other)
    assert thief.everything(meant)  # the page may have lied about whom: it is one patient all the same
    assert not thief.everything(other)
    for foreign in ("search", "caller", "glass", "worklist.make"):
        owner.gesture(request_digest(foreign, {"patient": bytes.fromhex(other)}))
    assert not thief.everything(other)
    owner.gesture(request_digest("open", {"patient": bytes.fromhex(other)}))
    vault.let_pass(130_000)
    assert not thief.everything(other)  # two minutes later it is nothing


def test_a_gesture_for_one_session_serves_no_other_of_the_same_account(moved_vault: Vaults, truth: Truth) -> None:
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    stolen = WireThief(vault.call, vault.sign_in("doctor1"))
    owner = WireThief(vault.call, vault.sign_in("doctor1"), key, origin)
    cold = truth.cold("doctor1", vault.now_ms)
    for patient in cold[:10]:
        assert stolen.everything(patient)
    digest = request_digest("open", {"patient": bytes.fromhex(cold[10])})
    owner.gesture(digest)
    assert not stolen.everything(cold[10])
    begun = vault.call("stepup.begin", session=owner.session, digest=digest)
    answer = key.get(begun["options"], origin)
    with pytest.raises(Refused):
        vault.call("stepup.finish", session=stolen.session, handle=begun["handle"], credential=answer)


LIES = {
    "another challenge": Flaws(challenge=bytes(32)), "another site": Flaws(rp_id="evil.example"),
    "another ceremony": Flaws(type="webauthn.create"), "in a frame": Flaws(cross_origin=True),
    "under another page": Flaws(top_origin="http://localhost:1"), "nobody there": Flaws(user_present=False),
    "nobody verified": Flaws(user_verified=False), "of somebody else": Flaws(user_handle=bytes(16)),
    "counter gone back": Flaws(counter=0), "wrong signature": Flaws(spoil_signature=True),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_authenticator_gives_no_gesture(
    gestures: tuple[MovedVault, SoftAuthenticator, str], lie: str
) -> None:
    vault, key, session = gestures
    begun = vault.call("stepup.begin", session=session, digest=bytes(32))
    touched = key.get(begun["options"], vault.keeper.settings.origins[0], LIES[lie])
    with pytest.raises(SeifasError):
        vault.call("stepup.finish", session=session, handle=begun["handle"], credential=touched)


@pytest.fixture(scope="module")
def gestures(places: Path, large_clinic: Path) -> Iterator[tuple[MovedVault, SoftAuthenticator, str]]:
    """A vault, the passkey of an account, and a session of it."""
    stage = Stage(places / f"gestures-{os.urandom(6).hex()}")
    stage.copy_from(large_clinic)
    vault = MovedVault(stage.data)
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), vault.keeper.settings.origins[0])
    yield vault, key, vault.sign_in("doctor1")
    vault.close()
    stage.remove()


def test_answers_of_a_passkey_serve_once(moved_vault: Vaults) -> None:
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    begun = vault.call("session.passkey_begin", address="127.0.0.1")
    answer = {"handle": begun["handle"], "credential": key.get(begun["options"], origin), "address": "127.0.0.1"}
    assert vault.call("session.passkey_finish", **answer)["token"]
    with pytest.raises(Refused):
        vault.call("session.passkey_finish", **answer)
    again = vault.call("session.passkey_begin", address="127.0.0.1")
    with pytest.raises(SignIn):
        vault.call("session.passkey_finish", **{**answer, "handle": again["handle"]})


def test_a_hat_that_the_account_does_not_own_is_not_worn(moved_vault: Vaults) -> None:
    vault = moved_vault()
    token = vault.sign_in("reception1")
    for hat in ("doctor", "officer", "administrator", "machine", "", "DOCTOR", "doctor\x00"):
        with pytest.raises(SeifasError):
            vault.call("session.hat", session=token, hat=hat)
    assert vault.call("session.who", session=token)["hat"] == "reception"


# -- frozen means frozen


@pytest.fixture(scope="module")
def served(places: Path, large_clinic: Path) -> Iterator[Stage]:
    """One served clinic; each test spends the budgets of another account."""
    stage = Stage(places / f"sessions-{os.urandom(6).hex()}")
    stage.copy_from(large_clinic)
    stage.start()
    yield stage
    stage.remove()


def test_a_frozen_session_is_not_shaken_off(hands: Hands, served: Stage, truth: Truth) -> None:
    thief = hands.cookie(served, "doctor1")
    form = form_of(thief.browser)
    cold = truth.cold("doctor1", time.time_ns() // 1_000_000)
    with pytest.raises(Stopped):
        open_all(thief, cold, careful=False)
    browser = thief.browser
    for path, fields in (
        ("/desk/search", {"query": "Kazlauskas"}), ("/desk/caller", {"surname": "x", "birthdate": "1980-01-01"}),
        ("/desk/hat", {"hat": "doctor"}), ("/auth/step-up/begin", {"digest": "00" * 32}),
        ("/auth/passkeys/begin", {}), ("/auth/resume/begin", {}), ("/desk/account/password", {"do": "begin"}),
        (f"/desk/patient/{cold[0]}", {"reason": "visit"}), (f"/desk/patient/{cold[0]}/chart", {"reason": "visit"}),
        (f"/desk/patient/{cold[0]}/glass", {"reason": "an emergency"}),
    ):
        answer = browser.form(path, {"form": form, **fields})
        assert answer.status >= 400 or answer.status in (303, 200), path
        assert truth.cards[cold[0]].birth.encode() not in answer.body
        assert b"<h2 id=" not in answer.body
    for path in ("/fhir/Patient/" + cold[0], "/fhir/Practitioner", f"/fhir/Patient/{cold[0]}/$everything"):
        assert browser.read(path, "visit").status == 403
    assert b"decoy" not in browser.read("/desk").body
    assert browser.send("POST", "/fhir/Patient", {"resourceType": "Patient"}).status == 403


def test_what_froze_a_session_is_not_told_to_it(moved_vault: Vaults, truth: Truth) -> None:
    """It would tell a decoy; the officer reads why."""
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    caught = WireThief(vault.call, sign_in_by_wire(vault.call, key, origin))
    caught.everything(sorted(truth.decoys)[0])
    assert caught.haul.answers == {"over-budget": 1}
    assert vault.call("session.who", session=caught.session)["frozen"] == "stopped"
    again = sign_in_by_wire(vault.call, key, origin)
    listed = vault.call("session.list", session=again)
    assert "canary" not in repr(listed)
    officer = vault.call("session.all", session=vault.sign_in("officer1"))
    assert any(row["frozen"] == "canary" for row in officer)


def test_signing_in_over_and_over_makes_no_room_for_a_frozen_thief(moved_vault: Vaults, truth: Truth) -> None:
    """Five sessions an account, frozen ones among them: a thief with the passkey is out after five freezes, and takes
    no more on the way than one would have."""
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    haul = set[str]()
    refused = 0
    for _ in range(8):
        try:
            thief = WireThief(vault.call, sign_in_by_wire(vault.call, key, origin), key, origin)
        except OverBudget:
            refused += 1
            continue
        for patient in truth.cold("doctor1", vault.now_ms):
            if patient not in haul and not thief.everything(patient) and thief.frozen:
                break
        haul |= thief.haul.charts
    assert refused >= 3
    assert len(haul) <= 60


def test_what_was_under_way_when_it_froze_shows_nothing_more(moved_vault: Vaults, truth: Truth) -> None:
    """Requests sent together: those behind the one that froze the session are refused."""
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("doctor1"))
    decoy = sorted(truth.decoys)[0]
    warm = sorted(truth.warm("doctor1", vault.now_ms))
    asked = [*warm[:3], decoy, *warm[3:20]]
    answers = vault.call_all([("record.list", {"session": thief.session, "patient": bytes.fromhex(one), "reason": "x"})
                              for one in asked])
    assert [not isinstance(one, SeifasError) for one in answers] == [True] * 3 + [False] * 18


def test_writes_that_wait_in_a_queue_die_with_the_session(moved_vault: Vaults, truth: Truth) -> None:
    """Visits stand in line for the schedule; what comes after the freeze is not written, however early it was sent."""
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("doctor1"))
    warm = sorted(truth.warm("doctor1", vault.now_ms))[:20]
    decoy = bytes.fromhex(sorted(truth.decoys)[0])
    idents = {patient: os.urandom(16) for patient in warm}
    asked: list[tuple[str, dict[str, object]]] = [
        ("record.write", {
            "session": thief.session, "reason": "visit",
            "changes": [visit_change(bytes.fromhex(patient), ident, vault.now_ms - 60_000)],
        })
        for patient, ident in idents.items()
    ]
    asked.append(("record.list", {"session": thief.session, "patient": decoy, "reason": "visit"}))
    answers = vault.call_all(asked)
    written = [one for one in answers if not isinstance(one, SeifasError)]
    assert len(written) <= 2  # the one that had begun, and at most the next
    assert all(isinstance(one, SeifasError) for one in answers[2:])


# -- sessions that are none


def test_forged_and_ended_sessions_are_nobodys(hands: Hands, served: Stage, truth: Truth) -> None:
    thief = hands.cookie(served, "doctor2")
    form = form_of(thief.browser)
    kept = thief.browser.cookie
    assert thief.browser.form("/auth/sign-out", {"form": form}).status == 303
    warm = sorted(truth.warm("doctor2", time.time_ns() // 1_000_000))
    ended = kept.partition("=")[2]
    bodies = set()
    for token in [*forged_tokens(), ended]:
        if not token.isascii() or "\x00" in token or len(token) > 60_000:
            continue
        for header in ({"Cookie": f"seifas={token}"}, {"Authorization": f"Bearer {token}"}):
            answer = read_as(hands, served, warm[0], header)
            assert answer.status == 401, (token[:50], header)
            bodies.add(answer.body.split(b'"diagnostics"')[0])
    assert len(bodies) == 1


def read_as(hands: Hands, stage: Stage, patient: str, headers: dict[str, str]) -> Answer:
    nobody = hands.with_browser(stage, stage.browser())
    return nobody.browser.ask("GET", f"/fhir/Patient/{patient}", None, {"Seifas-Reason": "visit", **headers})


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(served: Stage, hands: Hands, truth: Truth) -> None:
    with served.admin() as admin:
        token = admin.call("admin.login_link", name="doctor4")["token"]
    nobody = hands.with_browser(served, served.browser()).browser
    answer = nobody.ask("GET", f"/auth/link/{token}")
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Strict" in said
    assert nobody.ask("GET", f"/auth/link/{token}").status in (401, 403)  # once
    body = json.dumps({"resourceType": "Patient", "name": [{"family": "Svetimas"}]})
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        sent = {"Content-Type": "application/fhir+json", **headers}
        assert nobody.ask("POST", "/fhir/Patient", body, sent).status == 401, headers
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        assert nobody.ask("POST", "/fhir/Patient/_search", "family=Kaz", form).status == 401, headers
        assert nobody.ask("POST", "/desk/search", "query=Kaz&form=x", form).status == 403, headers


def test_an_idle_session_locks_and_only_its_owners_passkey_opens_it(moved_vault: Vaults, truth: Truth) -> None:
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("doctor1"), origin)
    strange = enrol_by_wire(vault.call, vault.sign_in("doctor2"), origin)
    session = sign_in_by_wire(vault.call, key, origin)
    vault.let_pass(11 * 60_000)
    thief = WireThief(vault.call, session)
    assert not thief.everything(sorted(truth.warm("doctor1", vault.now_ms))[0])
    begun = vault.call("session.resume_begin", session=session)
    with pytest.raises(ValueError, match="no passkey fits"):
        strange.get(begun["options"], origin)
    freed = json.loads(begun["options"])
    freed["allowCredentials"] = []
    with pytest.raises(SeifasError):
        vault.call(
            "session.resume_finish", session=session, handle=begun["handle"],
            credential=strange.get(json.dumps(freed), origin),
        )
    begun = vault.call("session.resume_begin", session=session)
    vault.call("session.resume_finish", session=session, handle=begun["handle"],
               credential=key.get(begun["options"], origin))
    assert thief.everything(sorted(truth.warm("doctor1", vault.now_ms))[0])
    with pytest.raises(StepUp):
        own_passkey(vault, session)  # going on is no gesture over how one signs in


def test_a_session_ends_after_twelve_hours_whatever_it_does(moved_vault: Vaults) -> None:
    vault = moved_vault()
    session = vault.sign_in("doctor1")
    for _ in range(12 * 7):
        vault.let_pass(9 * 60_000)
        try:
            vault.call("session.list", session=session)
        except SignIn:
            break
    assert vault.keeper.ahead_ms >= 12 * HOUR_MS - 10 * 60_000
    with pytest.raises(SignIn):
        vault.call("session.who", session=session)


def test_a_passkey_that_was_copied_rings(hands: Hands, served: Stage) -> None:
    owner = served.sign_in("doctor3")
    key = enrol(served, owner)
    owner.close()
    copy = key.clone()
    hands.with_browser(served, sign_in(served, key))
    thief = Thief(served, hands.with_browser(served, served.browser()).browser)
    begun = thief.browser.form("/auth/passkey/begin", {}).json
    touched = copy.get(begun["options"], origin_of(served))
    answer = thief.browser.form("/auth/passkey/finish", {"handle": begun["handle"], "credential": touched})
    assert answer.status == 403
    give_up = time.monotonic() + 60
    while b"passkey-copied" not in served.log.read_bytes():
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert word_of(thief.browser.read("/fhir/metadata")) == "ok"
