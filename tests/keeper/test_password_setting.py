"""A password is judged when it is set, also by the names of clinic and person; one that is set is never refused."""

from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from keeper_rig import Asked, Rig

from seifas.crypto import slots
from seifas.errors import Invalid
from seifas.keeper.identity import accounts
from seifas.settings import Clinic, Identity, Listen

OLD = "slaptazodis123"
GOOD = "tyli audra prie ezero 7"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    clinic = Clinic(id="5e" * 16, name="Klinika „Ryto gervuogė“")
    listen = Listen(host="uogienoja.example")
    identity = Identity(rp_id="kertele.example", origins=("https://kertele.example",))
    return Rig(tmp_path / "vault", clinic=clinic, listen=listen, identity=identity)


async def begun(asked: Asked, session: str) -> str:
    secret = (await asked.desk("password.begin", session=session))["secret"]
    return pyotp.TOTP(secret).at(asked.keeper.now().wall_ms // 1000)


@pytest.mark.parametrize(("weak", "where"), [
    ("Gervuogė gervuogė 1", "password"), ("ryto gervuogė", "password"), ("uogienoja2026", "password"),
    ("kertele.example", "password"), ("gydytoja.2026", "password"), ("leavemealone", "password-leaked"),
    ("trumpas", "password"), ("", "password"), ("\0" * 256, "password"),
])  # fmt: skip
def test_what_everybody_knows_is_refused_and_the_code_is_still_good(rig: Rig, weak: str, where: str) -> None:
    async def deed(asked: Asked) -> None:
        session = await asked.person("gydytoja", "doctor")
        code = await begun(asked, session)
        size = asked.keeper.require_unlocked().audit.size
        with pytest.raises(Invalid) as caught:
            await asked.desk("password.finish", session=session, password=weak, code=code)
        assert caught.value.where == where
        assert not weak or weak not in caught.value.message
        assert asked.keeper.require_unlocked().audit.size == size, "nothing was set"
        assert len((await asked.desk("password.finish", session=session, password=GOOD, code=code))["recovery"]) == 10

    rig.run(deed)


def test_an_old_one_that_would_be_refused_today_still_signs_in(rig: Rig) -> None:
    async def deed(asked: Asked) -> Any:
        session = await asked.person("gydytoja", "doctor")
        code = await begun(asked, session)
        codes = (await asked.desk("password.finish", session=session, password=GOOD, code=code))["recovery"]
        account = next(one for one in asked.keeper.accounts if one.name == "gydytoja")
        accounts.set_password_hash(asked.keeper.accounts, account.id, PasswordHasher(3, 65_536, 1).hash(OLD))
        return await asked.desk(
            "session.password", name="gydytoja", password=OLD, code=codes[0], address="127.0.0.1"
        )

    assert rig.run(deed)["token"]


def test_a_passphrase_for_the_vault_is_judged_alike(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        first = slots.new_passphrase_slot(rig.root, GOOD, "owner", slots.DEMO)
        asked.keeper.require_unlocked().keystore.write_slots(slots.encode_slots((first,)))
        for weak in ("Gervuogė gervuogė 1", "leavemealone", "1qaz2wsx3edc4rfv", "rasa rasa rasa rasa"):
            with pytest.raises(Invalid) as caught:
                await asked.admin("passphrase_add", name="rasa", new=weak, proof={"passphrase": GOOD})
            assert "Choose another" in caught.value.message
        added = await asked.admin("passphrase_add", name="rasa", new=GOOD + " vėl", proof={"passphrase": GOOD})
        assert added["passphrases"] == 2

    rig.run(deed)
