"""The words of an evidence protocol, Lithuanian and English; both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LT: Final[Mapping[str, str]] = MappingProxyType({
    "title": "Įrodymų protokolas", "exercise": "PRATYBOS", "case": "Byla", "number": "Bylos numeris",
    "made": "Surašyta", "by": "Surašė", "asked": "Prašė išduoti", "allowed": "Leido", "purpose": "Kam",
    "count": "Daiktų, baitų",
    "manifest256": "manifest-sha256.txt SHA-256", "manifest512": "manifest-sha512.txt SHA-512",
    "log": "Audito žurnalas", "before": "Kas iki atkūrimo, rašoma žurnale",
    "items": "Daiktai", "none": "Nėra.", "name": "Pavadinimas", "path": "Rinkinyje",
    "size": "Dydis, baitais", "received": "Gauta (UTC)", "from": "Iš kur", "tool": "Kuo paimta",
    "clock": "Laikrodis skubėjo, s", "derived": "Padaryta iš", "text": "Aprašymas",
    "retracted": "Atsiimta, bet palikta: {why}", "machine": "pats serveris", "custody": "Saugojimo įrašas",
    "line": "Eilutė", "at": "Kada (UTC)", "deed": "Kas", "item": "Daiktas", "who": "Kas padarė; pastabos",
    "checking": "Kaip patikrinti",
    "check": "Prie šio protokolo pridėtas rinkinys tikrinamas jame esančia programa verify.py arba kitomis (bagit, "
    "openssl, pdfsig). Šis protokolas pasirašytas klinikos įrodymų sertifikatu; jo SHA-256 atspaudas gaunamas "
    "klinikoje kitu keliu. Kiekviena saugojimo įrašo eilutė yra klinikos audito žurnalo eilutė ir turi patvirtinimą.",
    "signatures": "Perdavimas", "place": "vardas, pavardė, pareigos, parašas, data",
    "gave": "Perdavė", "took": "Priėmė", "foot": "Byla {case}. Surašyta {made}.",
    "how-desk": "įkelta darbo vietoje", "how-machine": "įkelta serveryje", "how-watch": "paimta stebint adresą",
    "how-tip": "gauta kaip pranešimas", "how-": "įkelta",
    "deed-received": "gauta", "deed-viewed": "perskaityta paieškai", "deed-copied": "nukopijuota",
    "deed-exported": "išduota rinkiniui", "deed-handed-over": "perduota", "deed-returned": "grąžinta",
    "deed-export-asked": "prašyta išduoti", "deed-export-begun": "pradėta išduoti",
    "deed-export-at-machine": "išduodama serveryje",
    "deed-destroyed": "sunaikinta", "deed-described": "aprašyta", "deed-retracted": "atsiimta",
    "to": "kam / kas: {to}", "protocol": "protokolas {protocol}", "done-at": "padaryta {at} ({zone})",
})  # fmt: skip

EN: Final[Mapping[str, str]] = MappingProxyType({
    "title": "Protocol of evidence", "exercise": "EXERCISE", "case": "Case", "number": "Case number",
    "made": "Drawn up", "by": "Drawn up by", "asked": "Export asked for by", "allowed": "Allowed by", "purpose": "For",
    "count": "Items, bytes",
    "manifest256": "manifest-sha256.txt SHA-256", "manifest512": "manifest-sha512.txt SHA-512",
    "log": "Audit log", "before": "What was before the restore stands in",
    "items": "Items", "none": "None.", "name": "Name", "path": "In the bundle",
    "size": "Size in bytes", "received": "Received (UTC)", "from": "From where", "tool": "Taken with",
    "clock": "Clock was ahead, s", "derived": "Made from", "text": "Description",
    "retracted": "Retracted, and kept: {why}", "machine": "the server itself", "custody": "Custody record",
    "line": "Line", "at": "When (UTC)", "deed": "What", "item": "Item", "who": "By whom; notes",
    "checking": "How to check",
    "check": "The bundle that goes with this protocol is checked by the program verify.py in it, or by others (bagit, "
    "openssl, pdfsig). This protocol is signed with the clinic's evidence certificate; get its SHA-256 fingerprint "
    "from the clinic by another way. Each line of the custody record is a line of the clinic's audit log and has its "
    "proof.",
    "signatures": "Handing over", "place": "name, office, signature, date",
    "gave": "Handed over by", "took": "Taken over by", "foot": "Case {case}. Drawn up {made}.",
    "how-desk": "sent in at a desk", "how-machine": "sent in at the server", "how-tip": "came as a tip",
    "how-watch": "taken by watching an address", "how-": "sent in",
    "deed-received": "received", "deed-viewed": "read by a search", "deed-copied": "copied",
    "deed-exported": "exported into a bundle", "deed-handed-over": "handed over", "deed-returned": "returned",
    "deed-export-asked": "export asked for", "deed-export-begun": "export begun",
    "deed-export-at-machine": "exported at the server",
    "deed-destroyed": "destroyed", "deed-described": "described", "deed-retracted": "retracted",
    "to": "to / by: {to}", "protocol": "protocol {protocol}", "done-at": "done {at} ({zone})",
})  # fmt: skip

WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({"lt": LT, "en": EN})
