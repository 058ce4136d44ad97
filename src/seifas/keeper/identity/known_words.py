"""Words that people in Lithuania build passwords from, in plain Latin letters; a word listed here counts as one guess.

What is typed in passwords, not what is common in speech: a long list of ordinary words would refuse the four or five
unrelated words that people are asked for. Endings differ by case and number, so stems stand where they are long enough.
Own choice.
"""

from __future__ import annotations

from typing import Final

WORDS: Final = (
    "password", "passwort", "iloveyou", "football", "welcome", "letmein", "princess", "sunshine", "samsung", "facebook",
    "google", "computer", "internet", "summer", "winter", "spring", "autumn", "secret", "monkey", "dragon", "master",
    "login", "admin", "administrator", "hello", "qwerty", "pass", "user", "test",
    "slaptazod", "slaptas", "kompiuter", "telefon", "internetas", "programa", "prisijung", "labas", "labadiena",
    "nezinau", "nesakysiu", "neatspesi", "myliu", "mylim", "meile", "bucki", "brangi", "grazuol", "mergait", "berniuk",
    "zuikis", "zuikuti", "katinas", "katinel", "suniuk", "meskiuk", "drugel", "velnias", "dievas", "lopas", "durnius",
    "kebabas", "alutis", "pienas", "sviesa", "saulyte", "saulute", "ziedas", "pavasar", "vasara", "ruduo", "ziema",
    "svajon", "gyvenim", "laisve", "namai", "namuciai", "mokykla", "univers", "mokytoj", "seimininke", "darbas",
    "darbuotoj", "vadovas", "masina",
    "lietuva", "lietuvis", "tevyne", "krepsin", "futbol", "zalgiris", "rytas", "neptunas", "vytis", "basanavic",
    "gedimin", "mindaug", "vytaut", "kestuti",
    "seifas", "klinika", "clinic", "doctor", "daktar", "gydytoj", "sveikata", "ligonin", "pacient", "registrat",
    "receptas", "vaistai", "slaug", "sesele", "odontolog", "dantist", "estetik", "grozio", "chirurg", "plastik",
    "kosmetolog", "dermatolog", "poliklinik", "medicin", "ambulator",
    "vilnius", "vilniaus", "kaunas", "kauno", "klaiped", "siauliai", "siauliu", "panevez", "alytus", "marijampol",
    "mazeik", "jonava", "utena", "kedain", "telsiai", "taurag", "ukmerg", "visagin", "plunge", "kretinga", "palanga",
    "druskinink", "birstonas", "nida", "trakai",
    "sausis", "sausio", "vasaris", "vasario", "kovas", "balandis", "balandzio", "geguze", "geguzes", "birzel", "liepa",
    "rugpjut", "rugsej", "spalis", "spalio", "lapkrit", "gruodis", "gruodzio", "pirmadien", "antradien", "treciadien",
    "ketvirtadien", "penktadien", "sestadien", "sekmadien", "kaledos",
    "mantas", "tomas", "lukas", "jonas", "petras", "darius", "andrius", "marius", "paulius", "mindaugas", "vytautas",
    "rokas", "domantas", "justinas", "karolis", "arnas", "aurimas", "benas", "dainius", "deividas", "dovydas",
    "edgaras", "edvinas", "eimantas", "ernestas", "evaldas", "gediminas", "giedrius", "gintaras", "ignas", "jokubas",
    "julius", "kestutis", "kristupas", "laurynas", "linas", "martynas", "matas", "modestas", "nerijus", "nojus",
    "ovidijus", "povilas", "ramunas", "raimondas", "remigijus", "ricardas", "robertas", "rytis", "saulius", "simas",
    "simonas", "tadas", "tautvydas", "titas", "valdas", "vaidas", "viktoras", "vilius", "virginijus", "zilvinas",
    "zygimantas", "adomas", "algirdas", "antanas", "arturas", "arvydas",
    "agne", "aiste", "akvile", "asta", "aukse", "ausra", "austeja", "daiva", "dalia", "danute", "deimante", "diana",
    "donata", "edita", "egle", "egidija", "elena", "emilija", "ernesta", "gabija", "gabriele", "gintare", "giedre",
    "goda", "greta", "gerda", "ieva", "ilona", "indre", "ingrida", "inga", "irena", "jolanta", "jolita", "jovita",
    "julija", "jurate", "jurgita", "justina", "kamile", "karolina", "kotryna", "kristina", "laima", "laura", "lina",
    "loreta", "lukrecija", "lijana", "migle", "milda", "monika", "nijole", "neringa", "odeta", "paulina", "ramune",
    "rasa", "raimonda", "renata", "rita", "roberta", "rugile", "ruta", "samanta", "sandra", "sigita", "simona",
    "skaiste", "smilte", "sonata", "ugne", "urte", "vaida", "vaiva", "viktorija", "vilma", "vilija", "virginija",
    "zivile", "zita",
)  # fmt: skip
