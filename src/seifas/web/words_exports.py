"""The words of bulk exports on the officer's desk, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

EXPORT_WORDS: dict[str, tuple[Forms, Forms]] = {
    "exports": ("Visų įrašų išvežimai", "Bulk exports"),
    "export-who": ("Programa", "Program"),
    "export-patients": ("Pacientai", "Patients"),
    "export-key": ("Gavėjo raktas", "Recipient's key"),
    "export-stop": ("Sustabdyti", "Stop"),
    "export-asked": ("Laukia dviejų žmonių", "Waits for two people"),
    "export-allowed": ("Leista", "Allowed"),
    "export-running": ("Ruošiama", "Being made"),
    "export-done": ("Paruošta", "Made"),
    "export-failed": ("Nepavyko", "Failed"),
    "export-ended": ("Baigta", "Ended"),
    "alarm-export-key": (
        "Serveryje įrašytas raktas, kuriuo bus užrakinami programos išvežimai.",
        "A key was registered at the machine, to which a program's bulk exports are sealed.",
    ),
    "alarm-bulk-export": (
        "Ruošiamas dviejų žmonių leistas visų įrašų išvežimas.",
        "A bulk export that two people allowed is being made.",
    ),
    "alarm-bulk-exports": (
        "Programa prašė daugiau išvežimų, nei klinikai leidžiama per mėnesį.",
        "A program asked for more bulk exports than the clinic's budget has.",
    ),
}
