"""The paths of the administrator's pages. None of them is about a patient."""

from __future__ import annotations

from seifas.web.desk.administrator import clinic, papers, people
from seifas.web.routing import Route

ROUTES: list[Route] = [
    Route("GET", "/desk/people", people.people),
    Route("POST", "/desk/people/add", people.add),
    Route("GET POST", "/desk/people/{which}", people.person),
    Route("GET POST", "/desk/clinic", clinic.clinic),
    Route("GET POST", "/desk/prices", clinic.prices),
    Route("GET POST", "/desk/team", clinic.team),
    Route("GET", "/desk/templates", papers.templates),
    Route("GET POST", "/desk/templates/new", papers.new),
    Route("GET POST", "/desk/templates/{which}", papers.template),
    Route("GET", "/desk/templates/{which}/{number_of}", papers.version),
    Route("GET", "/desk/settings", papers.settings),
]
