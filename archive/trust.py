"""Loads the authorities that receipts are judged by: AgID's, shipped here, and those that settings name."""

from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates

from archive.chain import Profile
from config.foreign_words import system_words
from config.texts import _

AGID_ROOT = Path(__file__).parent / "anchors" / "actalis-authentication-root-ca.pem"
AGID_CA1_KEY = (
    "39e3c6c6f13c9620775172694d20f81edad55a8613934cdaa7c3793a6d26b86b"  # of every AgID CA1 since 2018
)
SUFFIXES = (".pem", ".crt", ".cer")


class AnchorsError(Exception):
    """Anchors that can't be used. The message says which, what is wrong and what to do."""


def agid() -> Profile:
    """Return the authority of Italian PEC: Actalis's root, and below it the key of AgID CA1 only.

    The root alone would not do: it also stands above certificates that anybody can buy.
    """
    return Profile("agid", _certificates(AGID_ROOT), frozenset({AGID_CA1_KEY}))


def profiles(anchors: Path | None = None) -> list[Profile]:
    """Return AgID's profile, then that of a PEM file or of a folder of them. Raises AnchorsError."""
    known = agid()
    if anchors is None:
        return [known]
    added = [one for file in _files(anchors) for one in _certificates(file) if one not in known.anchors]
    return [known, Profile("settings", tuple(dict.fromkeys(added)))]


def _files(anchors: Path) -> list[Path]:
    if not anchors.is_dir():
        return [anchors]
    try:
        files = sorted(one for one in anchors.iterdir() if one.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise _unreadable(anchors, error) from None
    if not files:
        raise AnchorsError(
            _("{folder} holds no anchor: put PEM files ({list}) into it").format(
                folder=anchors, list=", ".join(SUFFIXES)
            )
        )
    return files


def _certificates(file: Path) -> tuple[Certificate, ...]:
    try:
        return tuple(load_pem_x509_certificates(file.read_bytes()))
    except OSError as error:
        raise _unreadable(file, error) from None
    except ValueError:
        raise AnchorsError(
            _(
                "{file} holds no certificate in PEM form: "
                "name a file that begins its certificate with -----BEGIN CERTIFICATE-----"
            ).format(file=file)
        ) from None


def _unreadable(place: Path, error: OSError) -> AnchorsError:
    return AnchorsError(
        _("can't read the anchors {place} ({why}): name a file or folder that exists").format(
            place=place, why=system_words(error)
        )
    )
