"""The paths of this area."""

from __future__ import annotations

from seifas.web.desk.photos import describing, handing_out, looking, pictures, receiving
from seifas.web.routing import Route

_OF = "/desk/patient/{patient}/photos"
_ONE = "/desk/patient/{patient}/photos/{photo}"

ROUTES: list[Route] = [
    Route("GET POST", _OF, looking.photos),
    Route("GET POST", f"{_OF}/compare", looking.compare),
    Route("POST", f"{_OF}/look", pictures.look),
    Route("POST", f"{_OF}/align", pictures.align),
    Route("POST", f"{_OF}/begin", receiving.begin),
    Route("POST", f"{_OF}/add", receiving.form),
    Route("POST", f"{_OF}/phone", handing_out.phone),
    Route("GET", f"{_OF}/arrived", handing_out.arrived),
    Route("GET POST", f"{_OF}/take", handing_out.take),
    Route("GET POST", _ONE, looking.one),
    Route("POST", f"{_ONE}/describe", describing.describe),
    Route("POST", f"{_ONE}/delete", describing.delete),
    Route("POST", f"{_ONE}/restore", describing.restore),
    Route("GET", "/desk/photo/{photo}/{rendition}", pictures.picture),
    Route("GET PUT DELETE", "/desk/photos/upload", receiving.part),
    Route("POST", "/desk/photos/finish", receiving.finish),
]
