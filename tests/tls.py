"""A private authority with the certificates of a server and a client, and a server of Redis that knows TLS."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_PASSWORD = "key-s3cret"
_PROGRAMS = (
    "redis-server",
    "valkey-server",
    "redis-check-rdb",
    "valkey-check-rdb",
)  # the last two are the same programs


_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of PEM, and the program of a server."""

    program: str
    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    locked_key: Path  # the client's, by KEY_PASSWORD

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of a server that knows its clients by their certificates."""
        return (
            *("--tls-cert-file", str(self.server), "--tls-key-file", str(self.server_key)),
            *(
                "--tls-ca-cert-file",
                str(self.authority),
                "--tls-auth-clients",
                "yes",
                "--tls-replication",
                "yes",
            ),
        )

    @property
    def of_client(self) -> dict[str, Any]:
        """Return the arguments of redis-py's client."""
        return {
            "ssl": True,
            "ssl_ca_certs": str(self.authority),
            "ssl_certfile": str(self.client),
            "ssl_keyfile": str(self.client_key),
        }


def make_tls(folder: Path) -> Tls:
    """Make the files. Skip the test if no server on this machine knows TLS."""
    program = folder / "redis-server"  # by its own name, Debian's redis-check-rdb checks files
    program.symlink_to(_program())
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", authority_key, authority_key, None)
    found = Tls(
        str(program),
        *(folder / f"{name}.pem" for name in ("ca", "server", "server-key", "client", "key", "locked")),
    )
    found.authority.write_bytes(authority.public_bytes(Encoding.PEM))
    for name, certificate, key in (
        ("localhost", found.server, found.server_key),
        ("worker", found.client, found.client_key),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        certificate.write_bytes(_certificate(name, own, authority_key, authority).public_bytes(Encoding.PEM))
        key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        if key is found.client_key:
            locked = BestAvailableEncryption(KEY_PASSWORD.encode())
            found.locked_key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    return found


def _program() -> str:
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found and b"tls-ca-cert-file" in Path(found).read_bytes():
            return found
    pytest.skip("no Redis or Valkey built with TLS on PATH: install Debian's redis-tools")


def _certificate(
    name: str,
    own: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    if issuer:
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        made = made.add_extension(key_id, critical=False)
    else:
        made = made.add_extension(_SIGNS, critical=True)
    return made.sign(signer, hashes.SHA256())
