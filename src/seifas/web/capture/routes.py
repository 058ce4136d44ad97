"""The paths of the telephone's page."""

from __future__ import annotations

from seifas.web.capture import telephone
from seifas.web.routing import Route

ROUTES: list[Route] = [
    Route("GET", "/capture", telephone.page),
    Route("POST", "/capture/redeem", telephone.redeem),
    Route("POST", "/capture/who", telephone.who),
    Route("POST", "/capture/ghost", telephone.ghost),
    Route("POST", "/capture/begin", telephone.begin),
    Route("GET PUT DELETE", "/capture/upload", telephone.part),
    Route("POST", "/capture/finish", telephone.finish),
    Route("POST", "/capture/end", telephone.end),
]
