"""The public pages of notices asked without a socket, beside a keeper in this process."""

from __future__ import annotations

import time
import urllib.parse
from typing import Any

from keeper_rig import Asked
from notice_rig import NoticeClinic

from seifas.fhir.exchange import Exchange
from seifas.web.public.asking import Asking
from seifas.web.public.pace import Pace
from seifas.web.public.pages_kept import PagesKept


class Through:
    """Stands where the keeper's client stands: asks the ops of the public socket without a socket."""

    path = "/"

    def __init__(self, asked: Asked) -> None:
        self.asked = asked

        self.key: Any = None

    async def call(self, op: str, **args: Any) -> Any:
        if op == "drop.key" and self.asked.keeper.open is not None:
            # Worked out once here: it is the same work for everybody, and the half of what a question costs.
            self.key = self.key or await self.asked.op("public", op, **args)
            return self.key
        return await self.asked.op("public", op, **args)


class Unpaced(Pace):
    """Lets through as many as there are: the bounds have tests of their own."""

    def allows(self, address: str, now: float) -> bool:
        return True


def pages_of(clinic: NoticeClinic, *, paced: bool = False) -> Asking:
    keeper = clinic.asked.keeper
    bounds = () if paced else (Unpaced(), Unpaced())
    return Asking(
        Through(clinic.asked), keeper.settings.clinic_id, PagesKept(keeper.settings, None), *bounds  # type: ignore[arg-type]
    )


async def sent(asking: Asking, name: str, **fields: str) -> tuple[int, bytes, bytes, float]:
    """(status, headers, body, seconds) of one form that is sent."""
    body = urllib.parse.urlencode(fields).encode()
    answered: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        answered.append(message)

    headers = [(b"host", b"x"), (b"content-type", b"application/x-www-form-urlencoded"),
               (b"content-length", str(len(body)).encode())]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": f"/lt/{name}", "headers": headers, "client": ("192.0.2.1", 1)}
    exchange = Exchange(scope, receive, send)
    began = time.perf_counter()
    await getattr(asking, name)(exchange, "lt", ())
    seconds = time.perf_counter() - began
    return answered[0]["status"], repr(answered[0]["headers"]).encode(), answered[1]["body"], seconds
