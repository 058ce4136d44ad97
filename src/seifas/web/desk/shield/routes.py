"""The paths of the shield's pages."""

from __future__ import annotations

from seifas.web.desk.shield import exporting, floods, now, ordering
from seifas.web.routing import Route

_ONE = "/desk/shield/floods/{event}"

ROUTES: list[Route] = [
    Route("GET", "/desk/shield", now.shield),
    Route("GET", "/desk/shield/live", now.live),
    Route("GET", "/desk/shield/traffic", now.traffic),
    Route("GET", "/desk/shield/minutes", now.minutes),
    Route("POST", "/desk/shield/order", ordering.order),
    Route("POST", "/desk/shield/notice", ordering.notice),
    Route("GET", _ONE, floods.flood),
    Route("GET", f"{_ONE}/call", floods.call),
    Route("POST", f"{_ONE}/export", exporting.export),
    Route("POST", f"{_ONE}/remove", floods.remove),
]
