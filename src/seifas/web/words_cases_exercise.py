"""The words of exercises."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_EXERCISE_WORDS: dict[str, tuple[Forms, Forms]] = {
    "exercise-begin": ("Pratybos", "Exercise"),
    "exercise-begin-what": (
        "2017 m. Kauno byla su perstumtu laikrodžiu. Niekas neišeina iš klinikos, viskas pažymėta „pratybos“.",
        "The Kaunas case of 2017 with a moved clock. Nothing leaves the clinic; everything is marked “exercise”.",
    ),
    "exercise-year": ("Kurių metų teisė", "By the law of"),
    "exercise-year-2017": ("2017: iki BDAR", "2017: before the GDPR"),
    "exercise-year-2019": ("2019: BDAR", "2019: the GDPR"),
    "exercise-year-2026": ("2026: BDAR ir kibernetinio saugumo įstatymas", "2026: the GDPR and the cybersecurity law"),
    "exercise-begin-do": ("Pradėti pratybas", "Begin the exercise"),
    "exercise-what": (
        "Kas nutiko toliau, pasirodo po vieną. Pirma nuspręskite, ką darytumėte ir iki kada. Laikrodis pasistumia į "
        "to įvykio laiką.",
        "What happened next comes one by one. Decide first what you would do, and by when. The clock goes on to the "
        "time of that event.",
    ),
    "exercise-moved": (
        "Byla perkelta į {year} metus: galioja tų metų teisė.", "The case is moved to {year}: that year's law applies.",
    ),
    "exercise-steps": ("Kas vyksta", "What happens"),
    "exercise-done": ("įvyko", "happened"),
    "exercise-next": ("Tegul įvyksta", "Let it happen"),
    "exercise-later": ("dar nežinoma", "not known yet"),
    "exercise-unscripted": ("Šios pratybos scenarijaus neturi.", "This exercise has no script."),
    "exercise-said-step": ("Tai jau įvyko.", "This has happened already."),
    "exercise-said-year": ("Pasirinkite metus.", "Choose a year."),
    "exercise-script": ("Pratybų eiga", "The exercise's script"),
}  # fmt: skip
