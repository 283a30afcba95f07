"""A certification authority of AgID's shape, made anew: a root, one authority below it, certificates of providers.

Real providers are certified by AgID CA1, which may certify only the organisations that it lists. For the sandbox
and the tests; its root counts where settings name it as an anchor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANISATION = "Sandbox PEC S.p.A."
FROM, TO = datetime(2015, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
PROVIDERS_POLICY = x509.ObjectIdentifier("1.3.76.16.3.1.1")

_ROOT = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox Root CA"),
    ]
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A provider that signs: its key, its certificate, and the authority's certificate, which receipts hold too."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Authority:
    """The one that certifies providers, and its root."""

    root: x509.Certificate
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def anchor(self) -> bytes:
        """Return the root in PEM form, as PEC_ARCHIVE__ANCHORS takes it."""
        return self.root.public_bytes(Encoding.PEM)


def make_authority(
    domains: Sequence[str] = (),
    organisations: Sequence[str] = (ORGANISATION,),
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
) -> Authority:
    """Return an authority that may certify these organisations at these mail domains; without any, at all of them."""
    root_key, key = _new_key(), _new_key()
    root = (
        _builder(_ROOT, root_key, issuer=_ROOT)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(certify=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    certificate = (
        _builder(_named("Sandbox PEC Authority", "Sandbox CA1"), key, issuer=_ROOT)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certify=True), critical=True)
        .add_extension(_purposes(ExtendedKeyUsageOID.CLIENT_AUTH, purpose), critical=False)
        .add_extension(_constraints(domains, organisations), critical=False)
        .add_extension(_above(root_key), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return Authority(root, certificate, key)


def make_signer(
    authority: Authority,
    address: str = "posta-certificata@pec.example",
    *also: str,
    organisation: str = ORGANISATION,
    valid: tuple[datetime, datetime] = (FROM, TO),
    is_ca: bool = False,
    digital_signature: bool = True,
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
) -> Signer:
    """Return a provider with a certificate of the authority.

    Another address makes it one that is no provider, and each of the last three one that must not sign mail.
    """
    key = _new_key()
    certificate = (
        _builder(
            _named(organisation, "Posta Certificata"), key, issuer=authority.certificate.subject, valid=valid
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.RFC822Name(one) for one in (address, *also)]), critical=False
        )
        .add_extension(_purposes(purpose), critical=False)
        .add_extension(_usage(certify=is_ca, sign=digital_signature), critical=True)
        .add_extension(
            x509.CertificatePolicies([x509.PolicyInformation(PROVIDERS_POLICY, None)]), critical=False
        )
        .add_extension(_above(authority.key), critical=False)
    )
    if is_ca:
        certificate = certificate.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
    return Signer(key, certificate.sign(authority.key, hashes.SHA256()), (authority.certificate,))


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _named(organisation: str, name: str) -> x509.Name:
    return x509.Name([*_organisation(organisation), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _organisation(name: str) -> list[x509.NameAttribute[str]]:
    return [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Roma"),
        x509.NameAttribute(NameOID.LOCALITY_NAME, "Roma"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
    ]


def _builder(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    *,
    issuer: x509.Name,
    valid: tuple[datetime, datetime] = (FROM, TO),
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _above(key: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _purposes(*purposes: x509.ObjectIdentifier) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage(purposes)


def _usage(*, certify: bool = False, sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        key_cert_sign=certify,
        crl_sign=certify,
        content_commitment=not certify and not sign,  # one bit has to be set
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(domains: Sequence[str], organisations: Sequence[str]) -> x509.NameConstraints:
    permitted: list[x509.GeneralName] = [
        x509.DirectoryName(x509.Name(_organisation(one))) for one in organisations
    ]
    permitted += [x509.RFC822Name(one) for one in domains]
    excluded = [x509.IPAddress(ip_network("0.0.0.0/0")), x509.IPAddress(ip_network("::/0"))]
    return x509.NameConstraints(permitted, excluded)
