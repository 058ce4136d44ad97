"""The words of cards and charts: resource types, labels and states, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CHART_WORDS: dict[str, tuple[Forms, Forms]] = {
    # -- strip
    "photos": ("Nuotraukos", "Photos"),
    "consents": ("Sutikimai", "Consents"),
    "alerts": ("Įspėjimai", "Alerts"),
    "alerts-in-chart": ("Alergijos ir įspėjimai – ligos istorijoje", "Allergies and alerts stand in the chart"),
    "allergy": ("Alergija:", "Allergy:"),
    "minor": ("nepilnametis", "minor"),
    "age": (
        {"one": "{n} metai", "few": "{n} metai", "many": "{n} metų", "other": "{n} metų"},
        {"one": "{n} year", "other": "{n} years"},
    ),
    "age-months": (
        {"one": "{n} mėnuo", "few": "{n} mėnesiai", "many": "{n} mėnesio", "other": "{n} mėnesių"},
        {"one": "{n} month", "other": "{n} months"},
    ),
    # -- asking back
    "why-price": (
        "Tai bus {n}-oji iš {most} ligos istorijų be registracijos, kurias šiandien atversite be rakto.",
        "This will be your chart {n} of the {most} without an appointment that open without a passkey today.",
    ),
    "why-price-touch": (
        "Šiandien {n} ligos istorijų be registracijos jau atverta; šiai dar reikės rakto.",
        "You have opened {n} charts without an appointment today; this one will also need your passkey.",
    ),
    "why-price-hour": ("Šios valandos riba pasiekta: dar reikės rakto.", "This hour's bound is met: it will also "
                       "need your passkey."),
    "kept-head": ("Tekstas išsaugotas šiame puslapyje", "Your text is kept in this page"),
    "kept-locked": (
        "Sesija užsirakino, kol rašėte. Palieskite raktą – tekstas bus išsiųstas. Neuždarykite šio puslapio.",
        "The session locked itself while you wrote. Touch your passkey and the text is sent. Do not close this page.",
    ),
    "kept-ended": (
        "Sesija baigėsi, kol rašėte. Prisijunkite kitame lange, grįžkite čia ir siųskite. Neuždarykite šio puslapio.",
        "The session ended while you wrote. Sign in in another window, come back here and send. Do not close this "
        "page.",
    ),
    "kept-again": (
        "Puslapis buvo pasenęs, todėl tekstas dar neįrašytas. Siųskite jį dar kartą – bus įrašyta jūsų vardu.",
        "The page was out of date, so the text is not written yet. Send it again: it is written under your name.",
    ),
    "kept-beside": ("Prisijungti kitame lange", "Sign in in another window"),
    "kept-send": ("Siųsti dar kartą", "Send again"),
    # -- cards and charts
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
