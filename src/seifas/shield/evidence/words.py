"""The words of the papers about a flood, Lithuanian and English; both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LT: Final[Mapping[str, str]] = MappingProxyType({
    "summary": "Svetainės užtvindymas užklausomis: suvestinė", "for": "Kam",
    "for-whom": "policijai ir Nacionaliniam kibernetinio saugumo centrui (NKSC, CERT-LT)",
    "exercise": "PRATYBOS", "clinic": "Klinika", "site": "Svetainė", "event": "Įvykio numeris",
    "made": "Surašyta", "period": "Laikas (UTC)", "ongoing": "tebevyksta", "no-minutes": "minučių dar nėra",
    "facts": "Kas įvyko", "requests": "Užklausų", "connections": "Prisijungimų", "bytes": "Išsiųsta baitų",
    "peak": "Daugiausia užklausų per sekundę, minutės vidurkis", "distinct": "Skirtingų siuntusių adresų",
    "distinct-minute": "Skirtingų adresų per minutę, daugiausia",
    "newcomers": "Adresų iš dar nematytų tinklų, sudėjus minutes",
    "exact": "suskaičiuota po vieną", "sketched": "įvertinta, paklaida paprastai iki 1 %",
    "of-minute": "daugiausiai adresų turėjusios minutės; visas sąrašas dar neatidarytas",
    "lost": "Užklausų, kurių eilučių žurnale trūksta", "clock": "Laikrodžio skirtumas nuo liudytojo, ms",
    "clock-unknown": "nepalygintas: liudytojo nėra", "at": "{value}, {at}",
    "touched": "Čia suskaičiuotos užklausos. Ar kartu buvo bandyta pasiekti įrašus, rodo klinikos audito žurnalas, ne "
    "ši suvestinė.",
    "traffic": "Užklausos per sekundę", "known": "Darbuotojai, buvę pacientai ir programos: užklausos per sekundę",
    "addresses": "Skirtingi adresai per minutę",
    "axis": "Viršutinė linija – {top}; daugiausia – {peak} ({at}). Nuo {begins} iki {ends} UTC.",
    "look-in": "gavo puslapį", "look-asked": "paprašyta patikros", "look-away": "atmesta",
    "look-addresses": "adresai", "look-mode-1": "sargyba", "look-mode-2": "apgultis",
    "mode-0": "ramu", "mode-1": "sargyba", "mode-2": "apgultis",
    "changes": "Kada ir kodėl keitėsi apsauga", "when": "Kada (UTC)", "listener": "Kur", "from-to": "Iš – į",
    "why": "Kodėl", "listener-public": "viešoji svetainė", "listener-staff": "darbuotojų prieiga",
    "by-hand-mark": "ranka", "none": "Nėra.",
    "why-sources": "skirtingų adresų per minutę {value}, riba {bound}",
    "why-newcomers": "adresų iš dar nematytų tinklų per minutę {value}, riba {bound}",
    "why-queue": "laukta eilėje {value} ms, riba {bound} ms",
    "why-processor": "procesoriaus dalis {value}, riba {bound}",
    "why-connections": "prisijungimų be užklausų per sekundę {value}, riba {bound}",
    "why-turned-away": "neaptarnautų nepažįstamųjų dalis {value}, riba {bound}",
    "why-demand": "nepažįstamųjų užklausų per sekundę {value}, riba {bound}",
    "why-quiet": "ilgai nieko panašaus į ribas", "why-by-hand": "nustatyta ranka",
    "why-hand-off": "baigėsi ranka nustatytas laikas",
    "lanes": "Kas gavo puslapius", "lane": "Kas", "got": "Gavo", "asked": "Paprašyta patikros", "away": "Atmesta",
    "lane-staff": "darbuotojai", "lane-machine": "programos", "lane-patient": "buvę pacientai",
    "lane-solved": "įveikę patikrą", "lane-waited": "palaukę (be skripto)", "lane-stranger": "nepažįstami",
    "prefixes": "Tinklai, iš kurių daugiausia siųsta", "network": "Tinklas",
    "announcer": "Tinklų valdytojas (AS)", "by-requests": "Užklausų",
    "by-addresses": "Siuntusių adresų",
    "prefixes-note": "Užklausos sudėtos iš kiekvienos minutės daugiausiai siuntusių tinklų; adresai – iš viso sąrašo.",
    "signatures": "Antraščių parašai", "signature": "Parašas", "signature-names": "Antraštės šia tvarka",
    "signatures-note": "Parašas – užklausos antraščių vardų, surašytų jų tvarka, maišos reikšmės pradžia: tokias "
    "pat antraštes siunčianti programa turi tą patį parašą.",
    "paths": "Prašyti puslapiai", "path": "Kelias (be užklausos dalies; ilgos slaptos dalys pakeistos *)",
    "samples": "Užklausų pavyzdžiai",
    "samples-note": "Iš tūkstančio nepažįstamųjų užklausų palikta viena. Slapukai ir prisijungimo duomenys išimti. "
    "Nespausdinami ženklai parodyti numeriais: \\u{…}.",
    "checking": "Kaip patikrinti",
    "check": "Kiekviena minutė turi prieš ją buvusios minutės SHA-256, o jos pačios SHA-256 yra klinikos audito "
    "žurnalo eilutėje. Paskutinė minutė patvirtina visas ankstesnes. Klinika gali išduoti eilutės patvirtinimą "
    "(seifas audit proof), o visas minutes – seifas shield export --form minutes.",
    "log": "Audito žurnalas", "line": "Paskutinės minutės eilutė", "digest": "Paskutinės minutės SHA-256",
    "checked": "Minučių grandinė", "checked-yes": "patikrinta: sveika, {count}", "checked-no": "NESVEIKA: {problems}",
    "careful": "Kaip skaityti",
    "careful-1": "Adresas, iš kurio siųsta, nėra kaltininkas: jo savininkas gali nieko nežinoti, už vieno adreso gali "
    "būti daug žmonių, tarp jų ir pacientų.",
    "careful-2": "Siuntėjo adresas patvirtintas: užklausa skaičiuojama tik užmezgus TCP ryšį. Paketai, kurie ryšio "
    "neužmezgė, čia neįskaityti; jų adresai gali būti suklastoti.",
    "careful-3": "Adresai yra asmens duomenys: perduokite tik tam, kam jų reikia, ir ištrinkite, kai nebereikia.",
    "foot": "Įvykis {event}. Surašyta {made}.",
    "call": "Skambutis ryšio tiekėjui", "call-first": "Perskaitykite tai tiekėjui. Kur ____, įrašykite.",
    "provider": "Tiekėjas", "provider-phone": "Telefonas", "provider-number": "Sutarties ar linijos numeris",
    "own-phone": "Mūsų telefonas", "unknown": "____", "situation": "Kas vyksta",
    "saying": "Mus užtvindė užklausomis nuo {begins} UTC. Smarkiausią minutę vidutiniškai {rate} užklausų per "
    "sekundę, iki {distinct} skirtingų adresų.",
    "verdict": "Ar pilna pati linija?",
    "verdict-full-in": "TAIP: įeinantis srautas užima {in} linijos. Serveryje padaryti nieko nebegalima: reikia "
    "tiekėjo.",
    "verdict-packets": "TAIP: paketų daugiau, negu mūsų įranga spėja priimti ({lost} prarandama). Reikia tiekėjo.",
    "verdict-syn": "PANAŠU, KAD TAIP: {untaken} pradėtų ryšių neužmezgama (SYN). Reikia tiekėjo.",
    "verdict-full-out": "Pilnas mūsų siunčiamas srautas ({out} linijos): tai mūsų pačių atsakymai. Patys pereiname "
    "prie tylaus atmetimo; tiekėjo prašome tik stebėti.",
    "verdict-busy": "Dar ne: linija apkrauta ({in} įeina, {out} išeina), bet telpa. Serveris laikosi; prašome "
    "pasirengti.",
    "verdict-free": "NE: linija laisva ({in} įeina, {out} išeina). Tai svetainės apkrova, su ja tvarkomės patys.",
    "verdict-unknown": "Nežinia: linijos greitis serveriui nežinomas. Paprašykite tiekėjo pasakyti, kiek srauto "
    "ateina į mūsų adresą ir kiek jo išmetama.",
    "figures": "Blogiausia minutė, per sekundę", "rx_bytes": "Gauta baitų", "tx_bytes": "Išsiųsta baitų",
    "rx_packets": "Gauta paketų", "tx_packets": "Išsiųsta paketų", "rx_dropped": "Išmesta gautų paketų",
    "link_bytes": "Linijos greitis, baitais", "accepted": "Priimta prisijungimų",
    "syn_overflows": "Neužmegzta: eilė pilna", "syncookies": "SYN slapukų", "retransmits": "Siųsta pakartotinai",
    "no-figures": "Linijos duomenų nėra.",
    "asking": "Ko prašome, šia tvarka",
    "ask-1": "Ar matote srautą į mūsų adresą? Kiek jo, kokiais protokolais ir prievadais, iš kur?",
    "ask-2": "Valykite srautą (angl. scrubbing) arba filtruokite mūsų adresui (BGP flowspec, RFC 8955): UDP ir tai, ko "
    "svetainei nereikia. Mums reikia tik TCP {ports}.",
    "ask-3": "Atmeskite srautą pagal siuntėją (angl. source RTBH, RFC 5635): sąrašą su pabaigos laiku atsiųsime "
    "(CIDR; gerų lankytojų tinklų jame nėra).",
    "ask-4": "Kiek tai truks ir kiek kainuos? Kas ir kuriuo telefonu dirba naktį?",
    "ask-5": "NESUTINKAME be atskiro mūsų žodžio: nutraukti visą srautą į mūsų adresą (angl. destination blackhole, "
    "RFC 7999). Tai padarytų tą patį, ką tvindymas: svetainė dingtų iš tinklo.",
    "ask-6": "Atskira linija ar adresas darbuotojams: kaip greitai galite duoti?",
    "notes": "Užrašai: su kuo kalbėta, kada, ką pažadėjo, užklausos numeris",
})  # fmt: skip

EN: Final[Mapping[str, str]] = MappingProxyType({
    "summary": "Flood of requests to a site: summary", "for": "For",
    "for-whom": "the police and the National Cyber Security Centre (NKSC, CERT-LT)",
    "exercise": "EXERCISE", "clinic": "Clinic", "site": "Site", "event": "Number of the event",
    "made": "Drawn up", "period": "Time (UTC)", "ongoing": "goes on", "no-minutes": "no minutes yet",
    "facts": "What happened", "requests": "Requests", "connections": "Connections", "bytes": "Bytes sent out",
    "peak": "Most requests a second, mean of a minute", "distinct": "Different addresses that sent",
    "distinct-minute": "Different addresses in a minute, at most",
    "newcomers": "Addresses of networks never seen before, minutes added up",
    "exact": "counted one by one", "sketched": "estimated, as a rule to within 1 %",
    "of-minute": "of the minute with most; the whole list has not been opened",
    "lost": "Requests whose log lines are missing", "clock": "Difference to the witness's clock, ms",
    "clock-unknown": "not compared: there is no witness", "at": "{value}, {at}",
    "touched": "These are requests that were counted. Whether somebody tried to reach records at the same time is "
    "shown by the clinic's audit log, not by this summary.",
    "traffic": "Requests a second", "known": "Staff, patients who have been here, programs: requests a second",
    "addresses": "Different addresses a minute",
    "axis": "The upper line is {top}; the most was {peak} ({at}). From {begins} to {ends} UTC.",
    "look-in": "got a page", "look-asked": "asked for a check", "look-away": "turned away",
    "look-addresses": "addresses", "look-mode-1": "guarded", "look-mode-2": "siege",
    "mode-0": "calm", "mode-1": "guarded", "mode-2": "siege",
    "changes": "When and why the defence changed", "when": "When (UTC)", "listener": "Where", "from-to": "From – to",
    "why": "Why", "listener-public": "public site", "listener-staff": "staff's access",
    "by-hand-mark": "by hand", "none": "None.",
    "why-sources": "different addresses a minute {value}, bound {bound}",
    "why-newcomers": "addresses of networks never seen a minute {value}, bound {bound}",
    "why-queue": "waited {value} ms in the queue, bound {bound} ms",
    "why-processor": "share of the processor {value}, bound {bound}",
    "why-connections": "connections without requests a second {value}, bound {bound}",
    "why-turned-away": "share of strangers not served {value}, bound {bound}",
    "why-demand": "strangers' requests a second {value}, bound {bound}",
    "why-quiet": "for long, nothing near the bounds", "why-by-hand": "set by hand",
    "why-hand-off": "the time of what was set by hand is over",
    "lanes": "Who got pages", "lane": "Who", "got": "Got", "asked": "Asked for a check", "away": "Turned away",
    "lane-staff": "staff", "lane-machine": "programs", "lane-patient": "patients who have been here",
    "lane-solved": "passed the check", "lane-waited": "waited (no script)", "lane-stranger": "strangers",
    "prefixes": "Networks that sent most", "network": "Network",
    "announcer": "Who announces the network (AS)", "by-requests": "Requests",
    "by-addresses": "Addresses that sent",
    "prefixes-note": "Requests are added up from the busiest networks of each minute; addresses are of the whole list.",
    "signatures": "Header signatures", "signature": "Signature", "signature-names": "Headers in this order",
    "signatures-note": "A signature is the beginning of a hash of a request's header names in their order: a program "
    "that sends the same headers has the same signature.",
    "paths": "Pages asked for", "path": "Path (without the query; long secret parts replaced by *)",
    "samples": "Samples of requests",
    "samples-note": "One of a thousand strangers' requests was kept. Cookies and credentials were taken out. "
    "Characters that cannot be printed are shown by number: \\u{…}.",
    "checking": "How to check",
    "check": "Each minute holds the SHA-256 of the minute before it, and its own SHA-256 is in a line of the clinic's "
    "audit log. The last minute proves all before it. The clinic can hand out the proof of the line (seifas audit "
    "proof), and all minutes by seifas shield export --form minutes.",
    "log": "Audit log", "line": "Line of the last minute", "digest": "SHA-256 of the last minute",
    "checked": "Chain of minutes", "checked-yes": "checked: whole, {count}", "checked-no": "NOT WHOLE: {problems}",
    "careful": "How to read this",
    "careful-1": "An address that sent is no culprit: its owner may know nothing, and many people may be behind one "
    "address, patients among them.",
    "careful-2": "The sender's address is confirmed: a request counts only once TCP has connected. Packets that never "
    "connected are not in here; their addresses may be forged.",
    "careful-3": "Addresses are personal data: pass them on only to those who need them, and delete them when they do "
    "not any more.",
    "foot": "Event {event}. Drawn up {made}.",
    "call": "Call to the provider", "call-first": "Read this out to the provider. Fill in where there is ____.",
    "provider": "Provider", "provider-phone": "Telephone", "provider-number": "Number of the contract or line",
    "own-phone": "Our telephone", "unknown": "____", "situation": "What is going on",
    "saying": "We have been flooded with requests since {begins} UTC. In the worst minute {rate} requests a second on "
    "the mean, and up to {distinct} different addresses.",
    "verdict": "Is the line itself full?",
    "verdict-full-in": "YES: what comes in takes {in} of the line. Nothing on the server helps any more: the provider "
    "has to.",
    "verdict-packets": "YES: more packets than our machine can take ({lost} are lost). The provider has to act.",
    "verdict-syn": "PROBABLY: {untaken} of the connections begun are never made (SYN). The provider has to act.",
    "verdict-full-out": "What we send is full ({out} of the line): those are our own answers. We go over to dropping "
    "in silence; the provider need only watch.",
    "verdict-busy": "Not yet: the line is busy ({in} in, {out} out), but has room. The server holds; please be ready.",
    "verdict-free": "NO: the line is free ({in} in, {out} out). This is load on the site, and we deal with it.",
    "verdict-unknown": "Not known: the server does not know the line's speed. Ask the provider how much comes for our "
    "address, and how much of it is dropped.",
    "figures": "The worst minute, a second", "rx_bytes": "Bytes received", "tx_bytes": "Bytes sent",
    "rx_packets": "Packets received", "tx_packets": "Packets sent", "rx_dropped": "Received packets dropped",
    "link_bytes": "Speed of the line, bytes", "accepted": "Connections taken",
    "syn_overflows": "Not made: queue full", "syncookies": "SYN cookies", "retransmits": "Sent again",
    "no-figures": "There are no figures of the line.",
    "asking": "What we ask for, in this order",
    "ask-1": "Do you see the traffic to our address? How much, by which protocols and ports, from where?",
    "ask-2": "Scrub it, or filter for our address (BGP flowspec, RFC 8955): UDP and whatever the site does not need. "
    "We need TCP {ports} only.",
    "ask-3": "Drop by source (source RTBH, RFC 5635): we send a list that ends by itself (CIDR; networks of good "
    "visitors are not in it).",
    "ask-4": "How long will it take, and what does it cost? Who works at night, at which telephone?",
    "ask-5": "We do NOT agree, unless we say so separately, to dropping all traffic to our address (destination "
    "blackhole, RFC 7999). That does what the flood does: it takes the site off the net.",
    "ask-6": "A line or an address apart for staff: how soon can you give one?",
    "notes": "Notes: who was spoken to, when, what was promised, number of the ticket",
})  # fmt: skip

WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({"lt": LT, "en": EN})
