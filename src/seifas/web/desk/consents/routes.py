"""The paths of this area."""

from __future__ import annotations

from seifas.web.desk.consents import listing, papers, publishing, signing
from seifas.web.routing import Route

_OF = "/desk/patient/{patient}/consents"

ROUTES: list[Route] = [
    Route("GET POST", _OF, listing.consents),
    Route("GET POST", f"{_OF}/form/{{digest}}", signing.form),
    Route("POST", f"{_OF}/form/{{digest}}/sign", signing.sign),
    Route("GET POST", f"{_OF}/photos/{{digest}}", signing.photos),
    Route("POST", f"{_OF}/photos/{{digest}}/sign", signing.sign_photos),
    Route("POST", f"{_OF}/publish", publishing.publish),
    Route("POST", f"{_OF}/withdraw", publishing.withdraw),
    Route("POST", f"{_OF}/paper", papers.attach),
    Route("GET POST", f"{_OF}/{{document}}/file", papers.file),
]
