"""Who a patient is, as FHIR: the Patient card and a minor's guardian. Nothing clinical."""

from __future__ import annotations

from seifas.demo.chart import Chart, concept, reference
from seifas.demo.people import Person

# As used for the personal code in an example of the Lithuanian lung guide (HL7LT); a draft, not a national rule.
PERSONAL_CODE_SYSTEM = "https://hl7.lt/fhir/sid/lt-patient-pid"
PASSPORT_SYSTEM = "urn:seifas:demo:passport"

_HL7 = "http://terminology.hl7.org/CodeSystem"
_ROLES = {"MTH": ("mother", "Motina"), "FTH": ("father", "Tėvas")}
_LANGUAGES = {"lt": "Lietuvių", "pl": "Lenkų", "ru": "Rusų", "en": "Anglų", "de": "Vokiečių", "no": "Norvegų"}


def patient(who: Person, organization: str) -> str:
    """The directory card: names, codes, contact."""
    kind, system, value = ("NI", PERSONAL_CODE_SYSTEM, who.code) if who.code else ("PPN", PASSPORT_SYSTEM, who.passport)
    given = '","'.join(who.given)
    maiden = f',{{"use":"maiden","family":"{who.maiden}"}}' if who.maiden else ""
    phone = f'{{"system":"phone","value":"{who.phone}","use":"mobile"}}' if who.phone else ""
    email = f'{{"system":"email","value":"{who.email}"}}' if who.email else ""
    telecom = f'"telecom":[{",".join(filter(None, (phone, email)))}],' if phone or email else ""
    post_code = f'"postalCode":"{who.post_code}",' if who.post_code else ""
    spoken = f',"text":"{_LANGUAGES[who.language]}"' if who.language in _LANGUAGES else ""
    return (
        f'"identifier":[{{"use":"official","type":{{"coding":[{{"system":"{_HL7}/v2-0203","code":"{kind}"}}]}},'
        f'"system":"{system}","value":"{value}"}}],"active":true,'
        f'"name":[{{"use":"official","family":"{who.family}","given":["{given}"]}}{maiden}],{telecom}'
        f'"gender":"{who.sex}","birthDate":"{who.birth.isoformat()}",'
        f'"address":[{{"use":"home","line":["{who.line}"],"city":"{who.city}",{post_code}"country":"{who.country}"}}],'
        f'"communication":[{{"language":{{"coding":[{{"system":"urn:ietf:bcp:47","code":"{who.language}"}}]{spoken}}},'
        f'"preferred":true}}],"managingOrganization":{reference("Organization", organization)}'
    )


def related_person(chart: Chart, who: Person) -> str:
    """The guardian of `who`, reached under the same number."""
    if who.guardian is None:
        raise ValueError("no guardian")
    role, family, given = who.guardian
    telecom = f',"telecom":[{{"system":"phone","value":"{who.phone}","use":"mobile"}}]' if who.phone else ""
    return (
        f'"active":true,"patient":{chart.subject},'
        f'"relationship":[{concept(f"{_HL7}/v3-RoleCode", role, *_ROLES[role])}],'
        f'"name":[{{"use":"official","family":"{family}","given":["{given}"]}}]{telecom}'
    )
