"""Letters of the portal: a code, that there is a message, that a means of signing in changed. Neutral, every one.

None names the clinic, a person or what it is about; who reads it over a shoulder learns that somebody signs in
somewhere. The jobs process carries them; codes live in memory only and die with it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import Kind
from seifas.keeper.portal_model import PortalAccount
from seifas.keeper.portal_pace import CODE_MS
from seifas.keeper.portal_sealing import ADDRESS, open_text

_DAY_MS: Final = 86_400_000
_WORDS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "code": {
        "lt": (
            "Jūsų kodas",
            "Jūsų kodas: {code}\n\nJis galioja dešimt minučių. Jei kodo neprašėte, nieko nedarykite.\n",
        ),
        "en": (
            "Your code",
            "Your code is {code}\n\nIt is good for ten minutes. If you did not ask for it, do nothing.\n",
        ),
    },
    "message": {
        "lt": ("Yra žinutė", "Jums yra žinutė.\n\nPerskaitysite prisijungę: {url}\n"),
        "en": ("There is a message", "There is a message for you.\n\nSign in to read it: {url}\n"),
    },
    "means": {
        "lt": (
            "Pasikeitė prisijungimas",
            "Pasikeitė tai, kuo jungiatės. Jei tai ne Jūs, prisijunkite ir patikrinkite: {url}\n",
        ),
        "en": (
            "Signing in changed",
            "How you sign in was changed. If it was not you, sign in and look: {url}\n",
        ),
    },
}


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes


def mails_go(keeper: Keeper) -> bool:
    return bool(keeper.settings.alarms.smtp_host)


def send_code(keeper: Keeper, mail: str, code: str, language: str, now_ms: int) -> None:
    subject, text = _words(keeper, "code", language)
    keeper.portal.mails.send(mail, subject, text.format(code=code), now_ms + CODE_MS)


def send_changed(keeper: Keeper, account: PortalAccount, now_ms: int) -> None:
    """To the address that the account had: whoever changes how it signs in does not do it unseen."""
    if account.mail and mails_go(keeper):
        subject, text = _words(keeper, "means", account.language)
        keeper.portal.mails.send(_address(keeper, account), subject, text, now_ms + _DAY_MS)


@OPS.op("portal.mail_due", NoArgs, "jobs")
async def due(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """Letters to carry: [{id, to, subject, text}]."""
    if not mails_go(keeper) or not keeper.settings.portal.on:
        return []
    now = keeper.now().wall_ms
    letters = [
        {"id": one.id, "to": one.to, "subject": one.subject, "text": one.text} for one in keeper.portal.mails.due(now)
    ]
    for ident, patient in _notices(keeper, now):
        for account in keeper.portal.accounts_of(patient):
            if account.mail and not (account.until_ms and now >= account.until_ms):
                subject, text = _words(keeper, "message", account.language)
                letters.append({"id": ident, "to": _address(keeper, account), "subject": subject, "text": text})
    return letters[:20]


def _notices(keeper: Keeper, now: int) -> list[tuple[bytes, bytes]]:
    """(id, patient) of what came from the clinic, is unread, and was told to nobody."""
    book = keeper.portal
    found = [
        (one.id, one.patient) for one in book.messages.values()
        if one.by and not one.told and not one.read_ms and now - one.sent_ms < _DAY_MS
    ]
    found += [
        (one.id, one.patient) for one in book.requests.values()
        if one.answered_ms and not one.told and now - one.answered_ms < _DAY_MS
    ]
    return [(ident, patient) for ident, patient in found
            if any(account.mail for account in book.accounts_of(patient))]


@OPS.op("portal.mail_told", Told, "jobs")
async def told(keeper: Keeper, caller: Caller, args: Told) -> dict[str, Any]:
    """A letter was taken by the mail server."""
    book = keeper.portal
    book.mails.sent(args.id)
    message, request = book.messages.get(args.id), book.requests.get(args.id)
    if message is not None:
        carried = msgspec.structs.replace(message, told=True)
        await keeper.commit([], [keeper.row(Kind.PORTAL_MESSAGE, carried.id, carried)])
        book.messages[carried.id] = carried
    elif request is not None:
        answered = msgspec.structs.replace(request, told=True)
        await keeper.commit([], [keeper.row(Kind.PORTAL_REQUEST, answered.id, answered)])
        book.requests[answered.id] = answered
    return {}


def _address(keeper: Keeper, account: PortalAccount) -> str:
    head = keeper.require_unlocked().vault.head(account.patient)
    return open_text(keeper, head, account.id, ADDRESS, account.mail)


def _words(keeper: Keeper, what: str, language: str) -> tuple[str, str]:
    subject, text = _WORDS[what]["en" if language == "en" else "lt"]
    return subject, text.replace("{url}", f"{keeper.settings.portal_url}/my")
