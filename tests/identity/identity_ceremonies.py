"""A clinic of one table each, its passkey ceremonies, and the ways to cheat in them."""

from __future__ import annotations

import pytest

from seifas.drill.soft_authenticator import Flaws, SoftAuthenticator
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity import passkeys
from seifas.keeper.identity.accounts import Account, AccountTable, Passkey
from seifas.keeper.identity.challenges import ChallengeTable
from seifas.keeper.identity.gestures import Gesture, GestureTable
from seifas.keeper.identity.passkeys import relying_party

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
