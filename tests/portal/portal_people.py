"""Patients who are invited and sign in, and the letters that they get."""

from __future__ import annotations

import re
from typing import Any

from keeper_rig import Asked

from seifas.errors import Conflict, Invalid

HOME = "198.51.100.7"
BORN = "1980-02-03"


class Patient:
    """One patient of a rig, with what it takes to invite and enter."""

    def __init__(self, asked: Asked, staff: str, ident: bytes, born: str) -> None:
        self.asked, self.staff, self.ident, self.born = asked, staff, ident, born

    async def invited(self, related: bytes = b"") -> str:
        made = await self.asked.desk("portal.invite", session=self.staff, patient=self.ident, related=related)
        return str(made["code"])

    async def entered(self, related: bytes = b"", address: str = HOME) -> str:
        return await enter(self.asked, await self.invited(related), self.born, address)


async def enter(asked: Asked, code: str, born: str, address: str = HOME) -> str:
    return str((await asked.op("portal", "portal.enter", code=code, birth=born, address=address))["token"])


async def doctor(asked: Asked) -> str:
    return await asked.person("gydytoja", "doctor")


async def patient(asked: Asked, staff: str, family: str = "Žukauskienė", born: str = BORN) -> Patient:
    """Registered and expected within the hour, so that whoever has no passkey may invite them."""
    ident = await asked.create(
        staff, "Patient", name=[{"family": family, "given": ["Ona", "Marija"]}], birthDate=born, gender="female"
    )
    start = asked.keeper.now().wall_ms // 60_000 * 60_000 + 2 * 3_600_000
    for minutes in range(0, 12 * 60, 30):
        try:
            await asked.desk("schedule.book", session=staff, doctor=bytes(15) + b"\x07", start_ms=start
                             + minutes * 60_000, minutes=20, patient=ident)
            return Patient(asked, staff, ident, born)
        except (Conflict, Invalid):  # taken, or running past midnight
            continue
    raise AssertionError("no time is free in the next twelve hours")


async def letters(asked: Asked) -> list[dict[str, Any]]:
    """What the jobs process would carry now; it is told that all of it went."""
    due = await asked.op("jobs", "portal.mail_due")
    for one in due:
        await asked.op("jobs", "portal.mail_told", id=one["id"])
    return list(due)


async def code_in(asked: Asked, to: str) -> str:
    """The six digits that went to an address."""
    for letter in await letters(asked):
        found = re.search(r"\b(\d{6})\b", letter["text"])
        if letter["to"] == to and found is not None:
            return found[1]
    raise AssertionError(f"no code went to {to}")


async def with_mail(asked: Asked, token: str, mail: str) -> None:
    """Sets the address for codes, proven by a code."""
    begun = await asked.op("portal", "portal.address_begin", session=token, mail=mail, address=HOME)
    await asked.op("portal", "portal.address_finish", session=token, handle=begun["handle"],
                   code=await code_in(asked, mail))
