"""The paths of leak cases."""

from __future__ import annotations

from seifas.web.desk.leaks import arriving, cases, decoys, looking, opening, reporting, watches
from seifas.web.routing import Route

_ONE = "/desk/leaks/{case}"
_RESULT = "/desk/leaks/{case}/results/{result}"

ROUTES: list[Route] = [
    Route("GET POST", "/desk/leaks", cases.cases),
    Route("GET POST", "/desk/leaks/watches", watches.watches),
    Route("GET POST", "/desk/leaks/decoys", decoys.decoys),
    Route("GET PUT DELETE", "/desk/leaks/upload", arriving.part),
    Route("POST", "/desk/leaks/finish", arriving.finish),
    Route("GET POST", _ONE, cases.case),
    Route("GET", f"{_ONE}/live", cases.live),
    Route("POST", f"{_ONE}/begin", arriving.begin),
    Route("POST", f"{_ONE}/add", arriving.form),
    Route("POST", f"{_ONE}/open", opening.open_one),
    Route("POST", f"{_ONE}/report", reporting.report),
    Route("GET", _RESULT, looking.result),
    Route("GET", f"{_RESULT}/proof/{{number_of}}", looking.proof),
]
