"""The paths of this area."""

from __future__ import annotations

from seifas.web.desk.day import booking, finding, locking, recalls, sheet, today, wishes
from seifas.web.routing import Route

ROUTES: list[Route] = [
    Route("GET", "/desk/day/{date}", today.day),
    Route("GET", "/desk/day/{date}/{doctor}", today.doctor_day),
    Route("POST", "/desk/day/{date}/sheet", sheet.day_sheet),
    Route("POST", "/desk/day/{date}/{doctor}/sheet", sheet.doctor_sheet),
    Route("POST", "/desk/entry/{entry}/status", today.status),
    Route("GET POST", "/desk/entry/{entry}/move", booking.move),
    Route("GET POST", "/desk/entry/{entry}/move/{date}", booking.move_from),
    Route("GET", "/desk/book/{date}/{doctor}/{clock}", booking.slot),
    Route("GET POST", "/desk/patient/{patient}/book", booking.book),
    Route("GET POST", "/desk/patient/{patient}/book/{date}", booking.book_from),
    Route("POST", "/desk/patient/{patient}/reminders", wishes.reminders),
    Route("POST", "/desk/typing", finding.typing),
    Route("POST", "/desk/search", finding.search),
    Route("POST", "/desk/caller", finding.caller),
    Route("GET", "/desk/recalls", recalls.recalls),
    Route("POST", "/desk/recalls", recalls.make),
    Route("POST", "/desk/recalls/find", recalls.candidates),
    Route("GET", "/desk/recalls/{listed}", recalls.one_list),
    Route("POST", "/desk/recalls/{listed}/{patient}", recalls.open_card),
    Route("POST", "/desk/lock", locking.lock),
    Route("POST", "/desk/here", locking.here),
    Route("POST", "/auth/resume/password", locking.resume_password),
]
