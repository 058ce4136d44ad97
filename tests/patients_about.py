"""Ids of patients who have appointments about now, for tests that look whether they show where they must not."""

from __future__ import annotations

import datetime
import re

from seifas.demo.clinic import clinic
from seifas.demo.made import read
from seifas.demo.schedule import appointments
from seifas.drill.stage import Stage


def patients_about(stage: Stage, most: int = 8) -> list[str]:
    """At most so many, in hex, of the days around today: the week-end is empty."""
    reception = stage.sign_in("reception2")
    today = datetime.date.today()
    found: set[str] = set()
    for ahead in (0, 1, 2, 3, -1, -2, -3):
        date = (today + datetime.timedelta(days=ahead)).isoformat()
        found |= set(re.findall(r"/desk/patient/([0-9a-f]{32})", reception.read(f"/desk/day/{date}").body.decode()))
    return sorted(found)[:most]


def patients_of(stage: Stage, account: str) -> list[str]:
    """A doctor's patients of the days about the one on which the demo was built, in hex, the nearest first: warm to
    that doctor even after the clinic's midnight. On one weekday each doctor has none."""
    built = read(stage.data)
    assert built is not None
    assert built.today is not None
    day = built.today.toordinal()
    (own,) = (one.id for one in clinic(built.seed, built.today).doctors if one.account == account)
    near = [
        one for one in appointments(built.seed, built.patients, built.today)
        if one.doctor == own and abs(one.ordinal - day) <= 2 and one.status not in ("missed", "cancelled")
    ]
    return list(dict.fromkeys(one.patient for one in sorted(near, key=lambda one: abs(one.ordinal - day))))
