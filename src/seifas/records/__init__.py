"""Clinical content as FHIR R4: composed from what a page asks, read into what a page shows. Pure functions."""
