"""The paths of this area."""

from __future__ import annotations

from seifas.web.desk import emergencies
from seifas.web.desk.charts import card, chart, lots, merging, printing, versions, writing
from seifas.web.routing import Route

_PATIENT = "/desk/patient/{ident}"

ROUTES: list[Route] = [
    Route("GET POST", "/desk/patients/new", card.new),
    Route("GET POST", "/desk/lots", lots.lots),
    Route("GET POST", "/desk/lots/{job}", lots.lot),
    Route("GET POST", _PATIENT, card.card),
    Route("GET POST", f"{_PATIENT}/glass", emergencies.glass),
    Route("GET POST", f"{_PATIENT}/edit", card.edit),
    Route("GET POST", f"{_PATIENT}/chart", chart.chart),
    Route("POST", f"{_PATIENT}/write/{{what}}", writing.enter),
    Route("GET POST", f"{_PATIENT}/record/{{kind}}/{{entry}}", versions.record),
    Route("GET POST", f"{_PATIENT}/merge", merging.merging),
    Route("POST", f"{_PATIENT}/print/{{what}}", printing.printing),
]
