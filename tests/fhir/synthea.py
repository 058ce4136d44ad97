"""Real Synthea bundles beside the checkout, or where they are absent a small one of the same make."""

import gzip
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "synthea"


def stand_in() -> bytes:
    def entry(n: int, resource: dict[str, Any]) -> dict[str, Any]:
        full = f"urn:uuid:00000000-0000-4000-8000-{n:012d}"
        return {
            "fullUrl": full,
            "resource": {**resource, "id": full[9:]},
            "request": {"method": "POST", "url": resource["resourceType"]},
        }

    patient = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000", "display": "Mr. Example"}
    entries = [
        entry(
            0,
            {
                "resourceType": "Patient",
                "name": [{"family": "Example"}],
                "extension": [{"url": "http://example.org/daly", "valueDecimal": 5.476142773432209}],
            },
        ),
        entry(1, {"resourceType": "Organization", "name": "PCP1"}),
        entry(2, {"resourceType": "Practitioner", "active": True}),
    ]
    entries += [
        entry(
            n,
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "height"},
                "subject": patient,
                "valueQuantity": {"value": n * 1.25, "unit": "cm"},
            },
        )
        for n in range(3, 40)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


FILES = sorted(FOLDER.glob("*.json.gz")) if FOLDER.is_dir() else []


def bundle(name: str = "") -> bytes:
    """The bundle whose file begins with `name`, or the stand-in."""
    path = next((path for path in FILES if path.name.startswith(name)), None)
    return gzip.decompress(path.read_bytes()) if path is not None else stand_in()
