"""Alarms: that somebody hears them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from seifas.checking.model import ACCESS, HIGH, MEDIUM, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

LOG_ONLY: Final = Kind(
    "alarms-log-only", HIGH, "Alarms reach nobody but a log", ACCESS,
    "A theft is stopped within a second, and nobody learns of it before somebody reads the log of a process.",
    "Set smtp_host and mail_to under [alarms] (two people at least), or a webhook of what rings in the clinic.",
)
ONE_EAR: Final = Kind(
    "alarms-one-person", MEDIUM, "Alarms go to one place only", ACCESS,
    "When nobody answers in five minutes the next one is told, and there is none: a thief chooses the night.",
    "Name a second person in [alarms] mail_to, or a second webhook.",
)
UNANSWERED: Final = Kind(
    "alarms-unanswered", MEDIUM, "Alarms have waited for more than a day", ACCESS,
    "Whoever gets used to alarms that nobody answers will not hear the one that counts.",
    "Answer them at the desk (Alarms); if they are many, ask why.",
)
PLAIN: Final = Kind(
    "alarms-in-clear", MEDIUM, "Alarms are sent over the network in the clear", ACCESS,
    "Somebody on the way reads what rings, and can keep it from arriving.",
    "Write https:// in [alarms] webhook.",
)
KINDS: Final = (LOG_ONLY, ONE_EAR, UNANSWERED, PLAIN)
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    alarms = sight.settings.alarms
    mailed = len(alarms.mail_to) if alarms.smtp_host else 0
    if not mailed and not alarms.webhook:
        yield LOG_ONLY.seen("[alarms] has neither a webhook nor smtp_host with mail_to")
    elif mailed + len(alarms.webhook) == 1:
        yield ONE_EAR.seen("one address in all under [alarms]")
    plain = [one for one in map(urlsplit, alarms.webhook) if one.scheme == "http" and one.hostname not in _HERE]
    if plain:
        yield PLAIN.seen(f"{len(plain)} of {len(alarms.webhook)} webhooks begin with http://")
    if (told := sight.inside) is None:
        yield unseen((UNANSWERED,), sight.closed)
    elif told.alarms_unanswered:
        yield UNANSWERED.seen(f"{told.alarms_unanswered} of them")
