"""The paths of this area."""

from __future__ import annotations

from seifas.web.desk.requests_in import answering
from seifas.web.routing import Route

ROUTES: list[Route] = [
    Route("GET", "/desk/requests-in", answering.waiting),
    Route("GET", "/desk/requests-in/{request}", answering.one),
    Route("POST", "/desk/requests-in/{request}/done", answering.done),
]
