"""What every page of the desk shares: the keeper, the darkroom, the templates, the form guard, and who is signed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from seifas.darkroom.client import DarkroomClient
from seifas.errors import Refused, SignIn, StepUp
from seifas.fhir.exchange import Exchange, Headers, own_origins
from seifas.keeper.client import KeeperClient
from seifas.leaks.client import LeaksClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.desk.places import places_of
from seifas.web.forms import FormGuard, shared_key
from seifas.web.pages import Pages, language_of
from seifas.web.words import say

TREATING = frozenset({"doctor", "nurse"})
SEES_PATIENTS = TREATING | {"reception"}


class Visit(msgspec.Struct, frozen=True):
    """A signed-in person: the session's token and what the keeper says of it (op session.who), and `enrolling`."""

    token: str
    who: dict[str, Any]

    @property
    def hat(self) -> str:
        hat: str = self.who["hat"]
        return hat


class Room:
    """Shared by all handlers of one process; holds no state of any visitor."""

    def __init__(self, client: KeeperClient, settings: Settings) -> None:
        self.client = client
        self.darkroom = DarkroomClient(Path(client.path).with_name("pictures.sock"))
        self.leaks = LeaksClient(Path(client.path).with_name("samples.sock"))
        self.settings = settings
        self.pages = Pages(settings)
        self.guard = FormGuard(own_origins(settings), shared_key(Path(client.path).with_name("desk")))
        self.secure = settings.staff_url.startswith("https:")

    async def visit(self, exchange: Exchange, *, enrolling: bool = False) -> Visit:
        """Who is signed in by the cookie. Raises SignIn, and Refused with `where` "enrol" for a session that an
        invitation opened, on every page but those that set `enrolling`."""
        token = exchange.cookie()
        if not token:
            raise SignIn("Sign in.")
        who = await self.client.call("session.who", session=token)
        exchange.of_lane(b"staff")
        who["enrolling"] = False
        if who["strength"] == "link" and not who["idle"] and not who["frozen"]:  # invitations are links
            who["enrolling"] = (await self.client.call("passkey.list", session=token))["enrolling"]
            if who["enrolling"] and not enrolling:
                raise Refused("First set up how you sign in.", where="enrol")
        return Visit(token=token, who=who)

    async def show(
        self, exchange: Exchange, template: str, visit: Visit | None, *, status: int = 200, said: str = "",
        good: str = "", detail: str = "", extra: Headers | None = None, pictured: bool = False, camera: bool = False,
        **values: Any,
    ) -> None:  # fmt: skip
        """Answer with a page of the desk. `said` and `good` are words already chosen, shown at the top; `detail` is
        more about what was said."""
        if visit is not None:
            if status == 200:
                _require_open(visit)
            values.setdefault("sees_patients", visit.hat in SEES_PATIENTS)
            values["places"], values["place"] = places_of(visit.hat, exchange.path)
        values.setdefault("finding", False)
        html = self.pages.render(
            exchange,
            template,
            visit=visit,
            who=visit.who if visit is not None else None,
            form=self.guard.token(visit.token) if visit is not None else "",
            said=said,
            good=good,
            detail=detail,
            **values,
        )
        await answers.page(exchange, html, status=status, extra=extra, pictured=pictured, camera=camera)

    def words(self, exchange: Exchange, key: str, **words: Any) -> str:
        """Words in the visitor's language."""
        return say(language_of(exchange, self.pages.languages), key, **words)

    def session_cookie(self, token: str) -> tuple[bytes, bytes]:
        """The staff cookie; it ends with the browser, the session itself ends in the keeper."""
        return answers.cookie("seifas", token, secure=self.secure)

    def no_cookie(self) -> tuple[bytes, bytes]:
        """Takes the staff cookie back."""
        return answers.cookie("seifas", "", secure=self.secure, max_age=0)


def _require_open(visit: Visit) -> None:
    """Whatever asks the keeper for nothing would still be shown to whoever sits at a locked desk: no page is."""
    if visit.who["frozen"]:
        raise Refused("This session is stopped. The officer has been told.", where="frozen")
    if visit.who["idle"]:
        raise StepUp("This session is locked because nobody used it. Confirm that it is you.", where="idle")
