"""Jobs as producers write them, and as careless programs damage them. A seed decides everything."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ACCOUNT, ENDPOINT = "acme", "crm"
TEN_MEGABYTES = 10_000_000
_INSTANTS = ("2026-11-23T09:30:00+01:00", "2999-01-01T00:00:00Z", "2999-12-31T23:59:59.999-11:30")
_ADDRESSES = ("consegna@pec.example", "a.b+c@studio-rossi.pec.example.it", "X_1@PEC.example")
_TEXTS = (
    "Fattura n. 1/2026",
    "Perché così è più «chiaro» – 100 €",
    "a" * 500,
    "漢字 🇮🇹",
    "CONSEGNA: x 2020082610003492",
)

Fields = dict[Any, Any]  # of an entry of the stream; redis-py takes names of any type


@dataclass(frozen=True, slots=True)
class Case:
    """An entry of the stream. `valid`: it must be taken, because of how it was made."""

    fields: Fields
    valid: bool
    how: str


def case(chance: random.Random, number: int) -> Case:
    """The next job: one in five as the contract says, the others spoilt."""
    job = _job(chance, f"f{number}-{chance.randrange(16**12):012x}")
    if chance.random() < 0.2:
        return Case({b"job": _written(chance, job)}, True, "valid")
    spoil = chance.choice(_SPOILT)
    if spoil in _GIANTS and chance.random() > 0.02:  # 10 MB each: few are enough
        spoil = _flipped
    fields = spoil(chance, job)
    return Case(fields, False, spoil.__name__.strip("_"))


# As the contract says


def _job(chance: random.Random, job_id: str) -> dict[str, Any]:
    return chance.choice((_send, _send, _send, _poll, _cancel, _batch))(chance, job_id)


def _send(chance: random.Random, job_id: str) -> dict[str, Any]:
    several = chance.random() < 0.2
    job: dict[str, Any] = {
        "type": "send",
        "id": job_id,
        "account": ACCOUNT,
        "recipient": list(_ADDRESSES) if several else chance.choice(_ADDRESSES),
        "subject": chance.choice(_TEXTS),
        "body": f"<p>{chance.choice(_TEXTS)} {chance.choice(('', job_id))}</p>",
    }
    optional: dict[str, Any] = {
        "v": 1,
        "attachments": [_file(chance) for _ in range(chance.randint(0, 3))],
        "batch": f"batch-{chance.randint(1, 9)}",
        "priority": chance.randint(0, 9),
        "not_before": chance.choice(_INSTANTS[:1]),
        "not_after": _INSTANTS[1],
        "webhook": ENDPOINT,
        "metadata": _metadata(chance, 3),
        "reference": chance.random() < 0.5,
        "together": several,
    }
    return job | {name: value for name, value in optional.items() if chance.random() < 0.4}


def _file(chance: random.Random) -> dict[str, str]:
    written = base64.b64encode(chance.randbytes(chance.randint(0, 200))).decode()
    start = chance.choice(("", "data:application/pdf;base64,"))
    return {"name": chance.choice(("a.pdf", "perché no.txt", "…", "a" * 255)), "file": start + written}


def _metadata(chance: random.Random, depth: int) -> Any:
    leaves: tuple[Any, ...] = (None, True, -1, 2**53, 0.1, 1e300, "", "à\u0000\u2028", [], {})
    names = ("a", "", "é", "__proto__", "id")
    return {
        name: _metadata(chance, depth - 1) if depth and chance.random() < 0.4 else chance.choice(leaves)
        for name in names[: chance.randint(0, 5)]
    }


def _poll(chance: random.Random, job_id: str) -> dict[str, Any]:
    code = f"2026112309{chance.randrange(60):02d}{chance.randrange(60):02d}{chance.randrange(100)}"
    optional = {"subject": chance.choice(_TEXTS), "recipient": chance.choice(_ADDRESSES)}
    job = {"type": "poll", "id": job_id, "account": ACCOUNT, "code": code}
    return job | {name: value for name, value in optional.items() if chance.random() < 0.5}


def _cancel(chance: random.Random, job_id: str) -> dict[str, Any]:
    return {"type": "cancel", chance.choice(("id", "batch")): f"never-{job_id}"}


def _batch(chance: random.Random, job_id: str) -> dict[str, Any]:
    return {"type": "batch", "id": f"b{job_id}", "size": chance.choice((1, 2, 10**6, 10**9))}


def _written(chance: random.Random, job: dict[str, Any]) -> bytes:
    """The same JSON in any of its spellings."""
    names = list(job)
    chance.shuffle(names)
    options: dict[str, Any] = {
        "ensure_ascii": chance.random() < 0.5,
        "indent": chance.choice((None, None, 1)),
        "separators": chance.choice((None, (",", ":"))),
    }
    written = json.dumps({name: job[name] for name in names}, **options).encode()
    return chance.choice((b"", b" \r\n\t")) + written + chance.choice((b"", b"\n"))


# Spoilt

_Spoil = Callable[[random.Random, dict[str, Any]], Fields]
_WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, "", " ", "1", [], {}, [[]], {"a": 1}, [None]),
    *("\u0000", "\u202eevil", "a\nb", "\u2028", "x" * 70_000, "../../etc/passwd", "a@b", "@", "a@b.c@d.e"),
    *(float("nan"), float("inf"), -float("inf"), 1e308, 2**63, 2**64, "2026-02-30T25:00:00Z", "9" * 5000),
    *("\ud800", "\udfff\ud800", {"sha256": "0" * 64}, {"sha256": 1}, ["a@pec.example"] * 501, {"\ud800": 1}),
)


def _any_text(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0xD800)) for _ in range(chance.randint(0, 40)))


def _dumped(value: Any) -> Fields:
    return {b"job": json.dumps(value).encode()}


def _flipped(chance: random.Random, job: dict[str, Any]) -> Fields:
    raw = bytearray(_written(chance, job))
    for _ in range(chance.choice((1, 1, 2, 8))):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return {b"job": bytes(raw)}


def _truncated(chance: random.Random, job: dict[str, Any]) -> Fields:
    raw = _written(chance, job)
    return {b"job": raw[: chance.randrange(len(raw))]}


def _spliced(chance: random.Random, job: dict[str, Any]) -> Fields:
    raw = _written(chance, job)
    start, end = sorted(chance.randrange(len(raw)) for _ in range(2))
    return {b"job": raw[:end] + raw[start:]}


def _wrong_value(chance: random.Random, job: dict[str, Any]) -> Fields:
    return _dumped(
        job | {chance.choice((*job, "metadata", "attachments", "not_before")): chance.choice(_WRONG)}
    )


def _wrong_inside(chance: random.Random, job: dict[str, Any]) -> Fields:
    wrong = chance.choice(_WRONG)
    file = {"name": "a.pdf", "file": "QQ=="} | {chance.choice(("name", "file", "sha256", "x")): wrong}
    inside = ({"attachments": [file]}, {"metadata": {"a": wrong}}, {"recipient": ["a@pec.example", wrong]})
    return _dumped(job | chance.choice(inside))


def _any_words(chance: random.Random, job: dict[str, Any]) -> Fields:
    return _dumped(job | {chance.choice(tuple(job)): _any_text(chance)})


def _missing(chance: random.Random, job: dict[str, Any]) -> Fields:
    gone = chance.choice(tuple(job))
    return _dumped({name: value for name, value in job.items() if name != gone})


def _stray(chance: random.Random, job: dict[str, Any]) -> Fields:
    name = chance.choice(("password", "subjct", "x" * 10_000, "\ud800", "", "a.b", _any_text(chance)))
    return _dumped(job | {name: chance.choice(_WRONG)})


def _deep(chance: random.Random, job: dict[str, Any]) -> Fields:
    depth = chance.choice((100, 250, 260, 500, 900, 1000, 5000, 100_000))
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
    nested = opening * depth + "1" + closing * depth
    place = chance.choice(("", "metadata", "recipient", "x"))
    if not place:
        return {b"job": nested.encode()}
    inside = '{"a":' + nested + "}" if place == "metadata" else nested
    return {b"job": (json.dumps(job)[:-1] + f', "{place}": {inside}}}').encode()}


def _numbers(chance: random.Random, job: dict[str, Any]) -> Fields:
    number = chance.choice(
        ("1e999", "-1e999", "NaN", "Infinity", "9" * 4000, "9" * 5000, "1e-999", "-0", "01", "1.")
    )
    place = chance.choice(("size", "priority", "v", "metadata", "not_before"))
    written = f'{{"n": {number}}}' if place == "metadata" else number
    return {b"job": (json.dumps(job)[:-1] + f', "{place}": {written}}}').encode()}


def _doubled(chance: random.Random, job: dict[str, Any]) -> Fields:
    name = chance.choice(tuple(job))
    again = json.dumps({name: chance.choice((job[name], *_WRONG))})
    return {b"job": (json.dumps(job)[:-1] + ", " + again[1:]).encode()}


def _encoded(chance: random.Random, job: dict[str, Any]) -> Fields:
    names = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "cp500", "utf-7")
    return {b"job": json.dumps(job, ensure_ascii=False).encode(chance.choice(names), "replace")}


def _no_object(chance: random.Random, job: dict[str, Any]) -> Fields:
    return {b"job": json.dumps(chance.choice((*_WRONG, [job], json.dumps(job), list(job)))).encode()}


def _garbage(chance: random.Random, job: dict[str, Any]) -> Fields:
    return {b"job": chance.randbytes(chance.randint(0, 300))}


def _other_fields(chance: random.Random, job: dict[str, Any]) -> Fields:
    raw = _written(chance, job)
    names = (b"", b"JOB", b"job ", b"\xff", b"jobs")
    without = {chance.choice(names): raw}
    return chance.choice((without, {**without, b"job": raw}, {b"a": b"", b"b": raw}))


def _many_recipients(chance: random.Random, job: dict[str, Any]) -> Fields:
    place = chance.choice(("", "recipient", "attachments", "metadata"))
    many: dict[str, Any] = {f"x{number}": 1 for number in range(20_000)}
    return _dumped(job | ({place: chance.choice((many, list(many)))} if place else many))


def _huge(chance: random.Random, job: dict[str, Any]) -> Fields:
    letter = chance.choice(("a", "\u0000", "é", "\ud800"))
    return _dumped(job | {chance.choice((*job, "x")): letter * TEN_MEGABYTES})


_GIANTS = (_huge, _many_recipients)
_SPOILT: tuple[_Spoil, ...] = (
    *(_flipped, _truncated, _spliced, _wrong_value, _wrong_inside, _any_words, _missing, _stray, _deep),
    *(_numbers, _doubled, _encoded, _no_object, _garbage, _other_fields, *_GIANTS),
)
