"""Recognise by its name a column of PEC addresses. Pure."""

import re
import unicodedata
from enum import IntEnum


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# What an address is called, besides its certificate.
_MAIL = _set(
    "posta poste post mail mails email emails elettronica elettroniche courriel mailadresse emailadresse"
    " casella caselle indirizzo indirizzi recapito recapiti address adresse"
)
_GLUED = re.compile(  # emailcert, indirizzopec
    r"(mails?|casell[ae]|post[ae]|indirizz[oi]|recapit[oi]|domicili[oa]?|contatto|ini|ind)(?=pec|cert|digital|elettronic)"
)
_PEC_FIRST = re.compile(  # pecmail
    r"pecs?(e?mails?|address|indirizzo|aziendal[ei]|azienda|impresa|societa|ditta|destinatari[oi]|client[ei])?"
)
_CAMEL = re.compile(r"(?<=[a-zà-ù])(?=[A-Z])|(?<=PEC)(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+|(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_P_E_C, _E_MAIL = re.compile(r"\bp ?e ?([co])\b"), re.compile(r"\be mail")
_NOT_PEC = _set("non no senza ordinaria ordinarie ordinario peo normale")
OURS = _set("mittente mittenti sender from nostra nostre nostro")
# Names that may be those of PEC, and of other things.
_MAYBE = frozenset({"rem", "serc", "sercq", "legalmail", "certificata", "certificate"})
# With one of these words a name may speak of the PEC that was sent: then the values decide.
_DOUBTFUL = _set(
    "data date giorno ora ore orario il anno mese scadenza rinnovo"
    " inviata inviate inviato invio invii inviare spedita spedite spedizione sent"
    " ricevuta ricevute accettazione consegna consegnata consegne letta"
    " stato status esito errore motivo note nota commento tipo flag"
    " ha possiede presente presenza attiva attivazione attivata valida validita verifica verificata controllo si"
    " richiesta numero num nr n id codice protocollo prot oggetto testo corpo messaggio messaggi allegato allegati"
    " gestore provider password utente costo costi prezzo importo canone spese"
)


class Certified(IntEnum):
    """How a column's name refers to PEC."""

    NO = 0
    PERHAPS = 1
    YES = 2


def certified(name: str) -> Certified:
    """Return whether a column of this name holds addresses of PEC."""
    words = words_of(name)
    if ADDRESS.search(name) or words & (_NOT_PEC | OURS):
        return Certified.NO
    if not _speaks_of_pec(words):
        return Certified.PERHAPS if words & _MAYBE else Certified.NO
    return Certified.PERHAPS if words & _DOUBTFUL or "?" in name else Certified.YES


def _speaks_of_pec(words: frozenset[str]) -> bool:
    certified = words & {"cert", "registered", "rem"} or _any_begins(words, "certif", "zertif")
    digital = words & {"dig"} or _any_begins(words, "digital")
    place = words & {"dom"} or _any_begins(words, "domicil", "domizil", "indirizz", "recapit")
    return "pec" in words or bool(words & _MAIL and certified) or bool(place and digital)


def _any_begins(words: frozenset[str], *starts: str) -> bool:
    return any(word.startswith(starts) for word in words)


def words_of(name: str) -> frozenset[str]:
    """Return the words of a column's name: `P.E.C. Aziendale1` is pec, aziendale, 1."""
    apart = _CAMEL.sub(" ", name)
    text = unicodedata.normalize("NFKD", apart)
    plain = "".join(one for one in text if not unicodedata.combining(one)).casefold().replace("m@il", "mail")
    spaced = _BETWEEN_WORDS.sub(" ", plain)
    joined = _E_MAIL.sub("email", _P_E_C.sub(r"pe\1", spaced))
    separate = _GLUED.sub(r"\1 ", joined).split()
    return frozenset("pec" if _PEC_FIRST.fullmatch(word) else word for word in separate)
