"""The table of the types that the vault makes itself."""

from __future__ import annotations

from seifas.fhir.appointments import APPOINTMENTS
from seifas.fhir.audit_events import AUDIT_EVENT
from seifas.fhir.derived import Derived
from seifas.fhir.pictures import BINARIES, DOCUMENTS
from seifas.fhir.provenance import PROVENANCE

DERIVED: dict[str, Derived] = {
    "Appointment": APPOINTMENTS,
    "AuditEvent": AUDIT_EVENT,
    "Binary": BINARIES,
    "DocumentReference": DOCUMENTS,
    "Provenance": PROVENANCE,
}
