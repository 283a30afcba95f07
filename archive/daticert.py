"""Reads `daticert.xml`, the facts of a receipt (RFC 6109, section 4.4). No DTD and no entity is ever expanded."""

from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers import expat

ENVELOPE = "posta-certificata"  # a PEC that came in: what it quotes is no receipt
RECEIPTS = frozenset(
    {
        *("accettazione", "non-accettazione", "presa-in-carico", "avvenuta-consegna"),
        *("errore-consegna", "preavviso-errore-consegna", "rilevazione-virus"),
    }
)
MAX_BYTES = 1_000_000  # hundreds of recipients are some 100 kB
MAX_DEPTH = 20

_ROOT = "postacert"
_WANTED = frozenset(
    {
        _ROOT,
        *(f"{_ROOT}/intestazione/{name}" for name in ("mittente", "destinatari", "risposte", "oggetto")),
        *(
            f"{_ROOT}/dati/{name}"
            for name in ("gestore-emittente", "data", "data/giorno", "data/ora", "identificativo")
        ),
        *(f"{_ROOT}/dati/{name}" for name in ("msgid", "ricevuta", "consegna", "errore-esteso")),
    }
)


class NotDaticert(Exception):
    """The bytes are not a `daticert.xml`. The message says why, for a developer."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """An addressee, and whether the provider knows it as PEC (`certificato`) or ordinary mail (`esterno`)."""

    address: str
    type: str


@dataclass(frozen=True, slots=True)
class Daticert:
    """The facts that a provider certifies. `identificativo` is its id of the PEC, the same in all receipts of it."""

    kind: str  # of RECEIPTS, ENVELOPE, or a newer one
    error: str
    sender: str
    recipients: tuple[Recipient, ...]
    replies_to: str
    subject: str
    provider: str
    dated_at: datetime | None
    identificativo: str
    message_id: str  # the one of the sending program, with its angle brackets
    receipt_type: str  # completa, breve or sintetica
    delivered_to: str  # the recipient that this receipt is about
    error_text: str


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)

    @property
    def value(self) -> str:
        return "".join(self.text).strip()


def parse(xml: bytes) -> Daticert:
    """Return the facts. Raise NotDaticert if the bytes are no such document, or use features that could be abused."""
    if len(xml) > MAX_BYTES:
        raise NotDaticert("is too large")
    elements = _Elements(xml)
    root = elements.all(_ROOT)
    if not root:
        raise NotDaticert(f"its root is not {_ROOT}")
    return Daticert(
        kind=root[0].attributes.get("tipo", ""),
        error=root[0].attributes.get("errore", ""),
        sender=elements.text("intestazione/mittente"),
        recipients=tuple(
            Recipient(one.value, one.attributes.get("tipo", ""))
            for one in elements.all(f"{_ROOT}/intestazione/destinatari")
        ),
        replies_to=elements.text("intestazione/risposte"),
        subject=elements.text("intestazione/oggetto"),
        provider=elements.text("dati/gestore-emittente"),
        dated_at=elements.instant(),
        identificativo=elements.text("dati/identificativo"),
        message_id=elements.text("dati/msgid"),
        receipt_type=elements.attribute("dati/ricevuta", "tipo"),
        delivered_to=elements.text("dati/consegna"),
        error_text=elements.text("dati/errore-esteso"),
    )


class _Elements:
    """The document's elements by their path. What follows the root element is ignored: providers leave bytes there."""

    def __init__(self, xml: bytes) -> None:
        self._found: dict[str, list[_Element]] = {}
        self._open: list[_Element] = []
        self._ended = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse_entity
        parser.SkippedEntityHandler = _refuse_entity
        try:
            parser.Parse(xml, True)
        except expat.ExpatError as error:
            if not self._ended:
                raise NotDaticert(str(error)) from None
        except (ValueError, LookupError) as error:  # an encoding that Python does not know
            raise NotDaticert(str(error)) from None

    def all(self, path: str) -> list[_Element]:
        return self._found.get(path, [])

    def text(self, path: str) -> str:
        return next((one.value for one in self.all(f"{_ROOT}/{path}")), "")

    def attribute(self, path: str, name: str) -> str:
        return next((one.attributes.get(name, "") for one in self.all(f"{_ROOT}/{path}")), "")

    def instant(self) -> datetime | None:
        """Return the instant of a date, an hour and a zone, or None if they are no instant."""
        day, hour = self.text("dati/data/giorno"), self.text("dati/data/ora")
        zone = self.attribute("dati/data", "zona").strip()
        try:
            return datetime.strptime(f"{day} {hour} {zone}", "%d/%m/%Y %H:%M:%S %z")
        except ValueError:
            return None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise NotDaticert("is nested too deeply")
        self._open.append(_Element(name, attributes))
        path = "/".join(one.name for one in self._open)
        if path in _WANTED:
            self._found.setdefault(path, []).append(self._open[-1])

    def _end(self, name: str) -> None:
        self._open.pop()
        self._ended = not self._open

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)


def _refuse_entity(name: str, *_: object) -> None:
    raise NotDaticert(f"declares or needs the entity {name}")
