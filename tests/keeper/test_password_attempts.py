"""Guessing a password counts and rings the same at the door and at a session that is locked."""

import os
from pathlib import Path
from typing import Any

import pyotp
import pytest
from keeper_rig import Asked, Rig

from seifas.errors import OverBudget, Refused, SignIn

WORD = "tyli audra prie ezero 7"
HOME = "127.0.0.1"


class Guessed:
    """A doctor with a password, a locked session, and a clock that goes on as far as the brake asks for and no further:
    a busy machine may take longer for a password than the brake holds."""

    def __init__(self, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = asked
        self.session = self.recovery = ""
        self._ahead = 0
        first = asked.keeper.now()
        monkeypatch.setattr(asked.keeper, "now", lambda: self._moved(first))

    def _moved(self, moment: Any) -> Any:
        return moment._replace(wall_ms=moment.wall_ms + self._ahead, boot_ms=moment.boot_ms + self._ahead)

    async def start(self) -> None:
        self.session = await self.asked.person("gydytoja", "doctor")
        secret = (await self.asked.desk("password.begin", session=self.session))["secret"]
        code = pyotp.TOTP(secret).at(self.asked.keeper.now().wall_ms // 1000)
        made = await self.asked.desk("password.finish", session=self.session, password=WORD, code=code)
        self.recovery = made["recovery"][0]
        await self.asked.desk("session.lock", session=self.session)

    async def at_the_door(self) -> None:
        self._ahead += 20_000
        with pytest.raises(SignIn):
            await self.asked.desk(
                "session.password", name="gydytoja", password="ne tas zodis", code="123456", address=HOME
            )

    async def at_the_lock(self, password: str = "ne tas zodis", code: str = "123456") -> None:
        self._ahead += 20_000
        await self.asked.desk(
            "session.resume_password", session=self.session, password=password, code=code, address=HOME
        )

    def rung(self) -> list[str]:
        return [one.account for one in self.asked.keeper.alarms.all() if one.kind == "sign-in-guessing"]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def test_guesses_at_the_door_and_at_the_lock_add_up_to_ten(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(asked: Asked) -> None:
        guessed = Guessed(asked, monkeypatch)
        await guessed.start()
        for _ in range(4):
            await guessed.at_the_door()
            with pytest.raises(Refused):
                await guessed.at_the_lock()
        await guessed.at_the_door()
        assert guessed.rung() == []
        with pytest.raises(Refused):
            await guessed.at_the_lock()
        assert guessed.rung() == ["gydytoja"], "the tenth rings, though it was at the lock"

    rig.run(deed)


def test_the_brake_holds_at_the_lock_too_and_the_right_word_frees_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deed(asked: Asked) -> None:
        guessed = Guessed(asked, monkeypatch)
        await guessed.start()
        for _ in range(6):
            await guessed.at_the_door()
        guessed._ahead -= 20_000
        with pytest.raises(OverBudget):
            await guessed.at_the_lock(WORD, guessed.recovery)
        guessed._ahead += 60_000
        await guessed.at_the_lock(WORD, guessed.recovery)
        assert not (await asked.desk("session.who", session=guessed.session))["idle"]
        await guessed.at_the_door()
        assert guessed.rung() == [], "what was proven between begins the count anew"

    rig.run(deed)


def test_the_line_of_a_wrong_word_names_the_session_it_was_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(asked: Asked) -> None:
        guessed = Guessed(asked, monkeypatch)
        await guessed.start()
        lines = asked.keeper.require_unlocked().audit.size
        with pytest.raises(Refused):
            await guessed.at_the_lock()
        assert asked.keeper.require_unlocked().audit.size == lines + 1
        with pytest.raises(SignIn):
            await asked.desk(
                "session.resume_password", session=os.urandom(32).hex(), password=WORD, code="", address=HOME
            )
        assert asked.keeper.require_unlocked().audit.size == lines + 1, "a session that is not there costs nobody a try"

    rig.run(deed)
