"""The names of a campaign: its batch, and an id for every message, the same whenever the file is imported. Pure."""

import hashlib
import re
import unicodedata

MAX_BATCH = 100  # characters, so that an id made of it is not too long
DEFAULT = "import"
# What browsers and desktops add to the name of a copy.
_COPY = re.compile(
    r"^(?:copia di|copy of) +|(?: ?\(\d+\)|[ _-]+(?:copia|copy)(?: ?\d+)?)$",
    re.IGNORECASE,
)


def batch_of(stem: str) -> str:
    """Return the batch of a file by its name without extension, so that a copy of the file has the same batch."""
    name = stem
    while (shorter := _COPY.sub("", name).strip()) != name:
        name = shorter
    return slug(name) or DEFAULT


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._").lower()[:MAX_BATCH].rstrip("-._")


def made_id(batch: str, recipient: str) -> str:
    """Return an id made of batch and recipient, not of the row number: an inserted row must not shift later ids."""
    digest = hashlib.blake2b(recipient.lower().encode("utf-8", "surrogatepass"), digest_size=5)
    return f"{batch}-{digest.hexdigest()}"


def own_id(batch: str, key: str) -> str:
    """Return an id made of batch and the row's key, so that the same key in another batch is another message."""
    return key if key.startswith(f"{batch}-") else f"{batch}-{key}"


def numbered(base: str, number: int) -> str:
    """Return the id of a further, different message to the same recipient."""
    return base if number == 1 else f"{base}-{number}"


def number_of(base: str, job_id: str) -> int | None:
    """Return the number in an id; None if the id was not made from `base`."""
    found = re.fullmatch(re.escape(base) + r"(?:-([1-9]\d{0,3}))?", job_id, re.ASCII)
    return found and int(found[1] or 1)
