"""The paths of the officer's and auditor's pages, and of what anybody is asked to read."""

from __future__ import annotations

from seifas.web.desk.officer import alarms, budgets, deciding, erasures, house, log, noticing, undoing
from seifas.web.routing import Route

ROUTES: list[Route] = [
    Route("GET", "/desk/alarms/live", alarms.live),
    Route("GET POST", "/desk/budgets", budgets.budgets),
    Route("GET", "/desk/approvals", deciding.approvals),
    Route("GET POST", "/desk/reviews", deciding.reviews),
    Route("GET POST", "/desk/log", log.log),
    Route("POST", "/desk/log/find", log.find),
    Route("POST", "/desk/log/proof", log.proof),
    Route("GET POST", "/desk/log/whole", log.whole),
    Route("GET POST", "/desk/undo", undoing.undo),
    Route("GET POST", "/desk/erasures", erasures.erasures),
    Route("GET", "/desk/erasures/{which}", erasures.certificate),
    Route("GET POST", "/desk/programs", house.programs),
    Route("GET", "/desk/house", house.house),
    Route("GET POST", "/desk/notices", noticing.notices),
]
