"""What happened at a visit, as FHIR: one function a kind of resource, from the visit to the JSON after `meta`."""

from __future__ import annotations

import msgspec

from seifas.demo.catalogue import Allergy, Complaint, Medication, Procedure, Product
from seifas.demo.chart import concept, reference
from seifas.demo.clinic import Doctor
from seifas.demo.days import Day, Moment, day

COMPLAINT_SYSTEM = "urn:seifas:demo:complaint"
PROCEDURE_SYSTEM = "urn:seifas:demo:procedure"
SITE_SYSTEM = "urn:seifas:demo:body-site"
CONSENT_SYSTEM = "urn:seifas:demo:consent"
ALLERGEN_SYSTEM = "urn:seifas:demo:allergen"

_HL7 = "http://terminology.hl7.org/CodeSystem"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"


def _code(field: str, system: str, code: str) -> str:
    return f'"{field}":{{"coding":[{{"system":"{_HL7}/{system}","code":"{code}"}}]}}'


def _category(system: str, code: str) -> str:
    return f'"category":[{{"coding":[{{"system":"{_HL7}/{system}","code":"{code}"}}]}}]'


_CLASS = f'"class":{{"system":"{_HL7}/v3-ActCode","code":"AMB","display":"ambulatory"}}'
_ALLERGY = (
    f"{_code('clinicalStatus', 'allergyintolerance-clinical', 'active')},"
    f"{_code('verificationStatus', 'allergyintolerance-verification', 'confirmed')}"
)
_CONDITION = {
    resolved: f"{_code('clinicalStatus', 'condition-clinical', 'resolved' if resolved else 'active')},"
    f"{_code('verificationStatus', 'condition-ver-status', 'confirmed')},"
    f"{_category('condition-category', 'encounter-diagnosis')}"
    for resolved in (False, True)
}
_VITAL = _category("observation-category", "vital-signs")
_EXAM = _category("observation-category", "exam")
_PHOTOGRAPH = concept(_LOINC, "72170-4", "Photographic image", "Nuotrauka")
_PATIENT_CONSENT = concept(_LOINC, "59284-0", "Patient Consent", "Paciento sutikimas")
_PHOTO_USE = concept(CONSENT_SYSTEM, "photo-use", "Use of photographs", "Nuotraukų naudojimas")
_TREATMENT = concept(f"{_HL7}/consentscope", "treatment", "Treatment", "Gydymas")
_PRIVACY = concept(f"{_HL7}/consentscope", "patient-privacy", "Privacy Consent", "Privatumas")
_POLICY = _code("policyRule", "v3-ActCode", "OPTIN")
_PRESSURE = concept(_LOINC, "85354-9", "Blood pressure panel", "Kraujospūdis")
_SYSTOLIC = concept(_LOINC, "8480-6", "Systolic blood pressure", "Sistolinis")
_DIASTOLIC = concept(_LOINC, "8462-4", "Diastolic blood pressure", "Diastolinis")
_FINDINGS = concept(_LOINC, "29545-1", "Physical findings", "Apžiūra")


class Visit(msgspec.Struct, frozen=True):
    """Who met whom, when and about what; `subject` is a ready reference, `encounter` and `condition` are ids.

    `start` and `end` are local dateTimes, `at` the instant the doctor finished writing. `english`: the complaint is
    written in English, as with a patient who speaks no Lithuanian.
    """

    subject: str
    encounter: str
    condition: str
    doctor: Doctor
    organization: str
    day: Day
    ordinal: int
    start: str
    end: str
    at: Moment
    english: bool

    @property
    def about(self) -> str:
        return f'"subject":{self.subject},"encounter":{reference("Encounter", self.encounter)}'

    @property
    def why(self) -> str:
        return f'"reasonReference":[{reference("Condition", self.condition)}]'

    @property
    def by(self) -> str:
        return f'{{"reference":"Practitioner/{self.doctor.id}","display":"{self.doctor.name}"}}'


def encounter(visit: Visit, kind: str) -> str:
    """`kind` is the Lithuanian word for the visit."""
    return (
        f'"status":"finished",{_CLASS},"type":[{{"text":"{kind}"}}],"subject":{visit.subject},'
        f'"participant":[{{"individual":{visit.by}}}],"period":{{"start":"{visit.start}","end":"{visit.end}"}},'
        f'{visit.why},"serviceProvider":{reference("Organization", visit.organization)}'
    )


def condition(visit: Visit, complaint: Complaint, *, resolved: bool, note: str) -> str:
    """A complaint in words, coded in our own list and in ICD-10."""
    words, site = complaint.words, complaint.site
    return (
        f'{_CONDITION[resolved]},"code":{{"coding":[{{"system":"{COMPLAINT_SYSTEM}","code":"{words.code}",'
        f'"display":"{words.en}"}},{{"system":"http://hl7.org/fhir/sid/icd-10","code":"{complaint.icd}"}}],'
        f'"text":"{words.en if visit.english else words.lt}"}},'
        f'"bodySite":[{concept(SITE_SYSTEM, site.code, site.en, site.lt)}],{visit.about},'
        f'"recordedDate":"{visit.start}","recorder":{reference("Practitioner", visit.doctor.id)},'
        f'"note":[{{"text":"{note}"}}]'
    )


def procedure(visit: Visit, done: Procedure, complaint: Complaint, *, note: str, used: str = "") -> str:
    """`used` is "" or what `used_code` or `used_device` made."""
    words, site = done.words, complaint.site
    return (
        f'"status":"completed","code":{concept(PROCEDURE_SYSTEM, words.code, words.en, words.lt)},{visit.about},'
        f'"performedPeriod":{{"start":"{visit.start}","end":"{visit.end}"}},"performer":[{{"actor":{visit.by}}}],'
        f'{visit.why},"bodySite":[{concept(SITE_SYSTEM, site.code, site.en, site.lt)}],'
        f'"note":[{{"text":"{note}"}}]{used}'
    )


def used_code(visit: Visit, product: Product) -> str:
    lot, expires = product.batch(visit.ordinal)
    return f',"usedCode":[{{"text":"{product.words.lt}, LOT {lot}, EXP {day(expires).iso}"}}]'


def used_device(ident: str) -> str:
    return f',"usedReference":[{reference("Device", ident)}]'


def device(visit: Visit, product: Product, serial: str) -> str:
    """Something that stays in the body, to be found again when its lot is recalled."""
    lot, expires = product.batch(visit.ordinal)
    return (
        f'"status":"active","manufacturer":"Demo Devices","expirationDate":"{day(expires).iso}","lotNumber":"{lot}",'
        f'"serialNumber":"{serial}","deviceName":[{{"name":"{product.words.lt}","type":"user-friendly-name"}}],'
        f'"type":{{"text":"{product.words.en}"}},"patient":{visit.subject}'
    )


class Measure(msgspec.Struct, frozen=True):
    """What a quantity is: a ready code and a UCUM unit."""

    code: str
    unit: str


HEIGHT = Measure(concept(_LOINC, "8302-2", "Body height", "Ūgis"), "m")
WEIGHT = Measure(concept(_LOINC, "29463-7", "Body weight", "Svoris"), "kg")
TEMPERATURE = Measure(concept(_LOINC, "8310-5", "Body temperature", "Temperatūra"), "Cel")


def quantity(visit: Visit, measure: Measure, value: str) -> str:
    """A vital sign; `value` is a decimal as written, trailing zeros kept (1.50)."""
    return (
        f'"status":"final",{_VITAL},"code":{measure.code},{visit.about},"effectiveDateTime":"{visit.start}",'
        f'"valueQuantity":{{"value":{value},"unit":"{measure.unit}","system":"{_UCUM}","code":"{measure.unit}"}}'
    )


def blood_pressure(visit: Visit, systolic: int, diastolic: int) -> str:
    unit = f'"unit":"mmHg","system":"{_UCUM}","code":"mm[Hg]"'
    return (
        f'"status":"final",{_VITAL},"code":{_PRESSURE},{visit.about},"effectiveDateTime":"{visit.start}",'
        f'"component":[{{"code":{_SYSTOLIC},"valueQuantity":{{"value":{systolic},{unit}}}}},'
        f'{{"code":{_DIASTOLIC},"valueQuantity":{{"value":{diastolic},{unit}}}}}]'
    )


def finding(visit: Visit, text: str) -> str:
    """What the doctor saw, in words."""
    return (
        f'"status":"final",{_EXAM},"code":{_FINDINGS},{visit.about},"effectiveDateTime":"{visit.start}",'
        f'"performer":[{reference("Practitioner", visit.doctor.id)}],"valueString":"{text}"'
    )


def allergy(visit: Visit, known: Allergy) -> str:
    return (
        f'{_ALLERGY},"type":"allergy","category":["{known.category}"],"criticality":"{known.criticality}",'
        f'"code":{{"coding":[{{"system":"{ALLERGEN_SYSTEM}","code":"{known.words.code}","display":"{known.words.en}"}}],'
        f'"text":"{known.words.lt}"}},"patient":{visit.subject},"recordedDate":"{visit.start}",'
        f'"recorder":{reference("Practitioner", visit.doctor.id)},'
        f'"reaction":[{{"manifestation":[{{"text":"{known.reaction}"}}]}}]'
    )


def medication_request(visit: Visit, medication: Medication) -> str:
    words = medication.words
    return (
        '"status":"completed","intent":"order","medicationCodeableConcept":'
        f'{concept("http://www.whocc.no/atc", words.code, words.en, words.lt)},{visit.about},'
        f'"authoredOn":"{visit.start}","requester":{reference("Practitioner", visit.doctor.id)},{visit.why},'
        f'"dosageInstruction":[{{"text":"{medication.dosage}"}}]'
    )


def _consent(visit: Visit, scope: str, category: str) -> str:
    return (
        f'"status":"active","scope":{scope},"category":[{category}],"patient":{visit.subject},'
        f'"dateTime":"{visit.start}","organization":[{reference("Organization", visit.organization)}],{_POLICY}'
    )


def treatment_consent(visit: Visit) -> str:
    return f'{_consent(visit, _TREATMENT, _PATIENT_CONSENT)},"provision":{{"type":"permit"}}'


def photo_consent(visit: Visit, *, teaching: bool, publication: bool) -> str:
    """Photos for the record are permitted; teaching and publication each have an answer of their own."""
    answers = ",".join(
        f'{{"type":"{"permit" if given else "deny"}","code":[{{"coding":[{{"system":"{CONSENT_SYSTEM}",'
        f'"code":"{code}"}}],"text":"{text}"}}]}}'
        for code, text, given in (
            ("teaching", "Mokymui", teaching),
            ("publication", "Viešai skelbti be veido", publication),
        )
    )
    return f'{_consent(visit, _PRIVACY, _PHOTO_USE)},"provision":{{"type":"permit","provision":[{answers}]}}'


def photograph(visit: Visit, title: str) -> str:
    """Metadata of a picture that is not there: the demo makes no pictures of people."""
    return (
        f'"status":"current","type":{_PHOTOGRAPH},"subject":{visit.subject},"date":"{visit.at.text}",'
        f'"author":[{reference("Practitioner", visit.doctor.id)}],"description":"{title}, {visit.day.iso}",'
        f'"content":[{{"attachment":{{"contentType":"image/jpeg","title":"{title}","creation":"{visit.start}"}}}}],'
        f'"context":{{"encounter":[{reference("Encounter", visit.encounter)}]}}'
    )
