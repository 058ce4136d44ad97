"""The words of cards and charts: resource types, labels and states, in Lithuanian and English."""

from __future__ import annotations

CHART_WORDS: dict[str, tuple[str, str]] = {
    "card": ("Kortelė", "Card"),
    "chart": ("Ligos istorija", "Chart"),
    "chart-open": ("Atverti ligos istoriją", "Open the chart"),
    "chart-empty": ("Ligos istorijoje įrašų nėra.", "The chart holds no records."),
    "chart-hint": (
        "Kortelėje – vardas, ryšiai ir kodai. Ligos istorija atveriama atskirai ir skaičiuojama atskirai.",
        "The card shows name, contacts and codes. The chart is opened, and counted, on its own.",
    ),
    "version": ("versija", "version"),
    "updated": ("atnaujinta", "updated"),
    "identifier": ("Kodai", "Identifiers"),
    "telecom": ("Ryšiai", "Contacts"),
    "address": ("Adresas", "Address"),
    "deceased": ("Mirė", "Deceased"),
    "inactive": ("nebegaliojantis įrašas", "inactive record"),
    "type-AllergyIntolerance": ("Alergijos", "Allergies"),
    "type-Appointment": ("Registracijos", "Appointments"),
    "type-CarePlan": ("Priežiūros planai", "Care plans"),
    "type-CareTeam": ("Priežiūros komandos", "Care teams"),
    "type-Claim": ("Sąskaitos", "Claims"),
    "type-Condition": ("Nusiskundimai ir diagnozės", "Complaints and diagnoses"),
    "type-Consent": ("Sutikimai", "Consents"),
    "type-DiagnosticReport": ("Tyrimų išvados", "Reports"),
    "type-DocumentReference": ("Dokumentai", "Documents"),
    "type-Encounter": ("Vizitai", "Visits"),
    "type-ExplanationOfBenefit": ("Apmokėjimai", "Benefits"),
    "type-ImagingStudy": ("Vaizdiniai tyrimai", "Imaging"),
    "type-Immunization": ("Skiepai", "Immunizations"),
    "type-Media": ("Nuotraukos", "Photos"),
    "type-MedicationRequest": ("Paskirti vaistai", "Prescriptions"),
    "type-Observation": ("Matavimai ir stebėjimai", "Observations"),
    "type-Procedure": ("Procedūros", "Procedures"),
}
