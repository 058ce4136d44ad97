"""Addresses of the desk's side of the portal."""

from __future__ import annotations

from seifas.web.desk.portal_requests import inviting, messages, requests, withholding
from seifas.web.routing import Route

ROUTES: list[Route] = [
    Route("GET", "/desk/requests", requests.waiting),
    Route("GET POST", "/desk/requests/{request}", requests.one),
    Route("GET POST", "/desk/withheld", withholding.withheld),
    Route("GET", "/desk/messages", messages.threads),
    Route("GET POST", "/desk/patient/{patient}/messages", messages.thread),
    Route("GET POST", "/desk/patient/{patient}/portal", inviting.portal),
]
