"""What every page of the portal shares: the keeper, the darkroom, the templates, the form guard, and whose pages it is.

A portal process holds nothing of anybody: a cookie's token goes to the keeper with every question, and what comes back
is one patient's. Pages say no more of the clinic in their title than a browser's history should.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from seifas.darkroom.client import DarkroomClient
from seifas.errors import SignIn
from seifas.fhir.exchange import Exchange, Headers
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.forms import FormGuard, shared_key
from seifas.web.pages import Pages, language_of
from seifas.web.words import say

PARTS = (
    ("", "my-home"), ("record", "my-record"), ("opened", "my-opened"), ("messages", "my-messages"),
    ("account", "my-account"),
)
"""The bar at the thumb: a part of the pages and its words."""


class Guest(msgspec.Struct, frozen=True):
    """Somebody who is signed in: the token and what the keeper says (op portal.who)."""

    token: str
    who: dict[str, Any]


class House:
    """Shared by all handlers of the process; holds no state of any visitor."""

    def __init__(self, client: KeeperClient, settings: Settings, pictures: Path) -> None:
        self.client = client
        self.settings = settings
        self.darkroom = DarkroomClient(pictures)
        self.pages = Pages(settings)
        self.guard = FormGuard(own_origins(settings), shared_key(Path(client.path).with_name("portal")))
        self.secure = settings.portal_url.startswith("https:")
        # A name that other hosts of the domain cannot set for this one (RFC 6265bis, 4.1.3).
        self.cookie = "__Host-my" if self.secure else "my"

    def token(self, exchange: Exchange) -> str:
        return exchange.cookie(self.cookie.encode("ascii"))

    async def guest(self, exchange: Exchange) -> Guest:
        """Whose pages are asked for. Raises SignIn."""
        token = self.token(exchange)
        if not token:
            raise SignIn("Sign in.")
        guest = Guest(token, await self.client.call("portal.who", session=token))
        exchange.of_lane(b"patient")
        return guest

    async def sent(self, exchange: Exchange, guest: Guest) -> dict[str, str]:
        """The fields of a form that one of this guest's pages sent. Raises Refused for any other."""
        return await self.guard.fields(exchange, guest.token)

    async def show(
        self, exchange: Exchange, template: str, guest: Guest | None, *, status: int = 200, said: str = "",
        good: str = "", extra: Headers | None = None, **values: Any,
    ) -> None:  # fmt: skip
        """Answers with a page. `said` and `good` are words already chosen."""
        html = self.pages.render(
            exchange, f"portal/{template}", guest=guest, who=guest.who if guest is not None else None,
            form=self.guard.token(guest.token) if guest is not None else "", said=said, good=good, here=_here(exchange),
            parts=PARTS, **values,
        )
        await answers.page(exchange, html, status=status, extra=extra)

    def words(self, exchange: Exchange, key: str, **words: Any) -> str:
        return say(self.language(exchange), key, **words)

    def language(self, exchange: Exchange) -> str:
        return language_of(exchange, self.pages.languages)

    def with_cookie(self, token: str) -> tuple[bytes, bytes]:
        return answers.cookie(self.cookie, token, secure=self.secure)

    def without_cookie(self) -> Headers:
        """Takes the cookie back, and with it what the browser kept of the pages."""
        return [
            answers.cookie(self.cookie, "", secure=self.secure, max_age=0), (b"clear-site-data", b'"cache"'),
        ]


def own_origins(settings: Settings) -> tuple[str, ...]:
    """Every origin under which a browser may see the portal."""
    host, _, port = settings.listen.public.rpartition(":")
    found = [settings.portal_url, f"http://{settings.listen.public}"]
    if host in ("127.0.0.1", "[::1]", "localhost"):
        found.append(f"http://localhost:{port}")
    return tuple(dict.fromkeys(found))


def _here(exchange: Exchange) -> str:
    """The part of the pages that is shown, for the bar."""
    return exchange.path.removeprefix("/my").strip("/").partition("/")[0]


def ident(text: str) -> bytes:
    """A 16-byte id out of a path or form; empty for anything else, which the keeper then does not find."""
    if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
        return bytes.fromhex(text)
    return b""


async def file(exchange: Exchange, body: bytes, kind: str, name: str) -> None:
    """Answers with something to keep. `name` is ours and says nothing of anybody."""
    await exchange.answer(200, body, [
        (b"content-type", kind.encode("ascii")),
        (b"content-disposition", f'attachment; filename="{name}"'.encode("ascii")), *answers.PAGE_GUARDS,
    ])
