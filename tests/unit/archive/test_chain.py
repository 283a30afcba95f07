"""The path to an anchor, and the checks that its builder does not make."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from archive import chain
from archive.chain import Flaw, Path, Profile
from sandbox.authority import Signer, make_authority, make_signer
from tests.signing import AT, authority, signer

LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)


def found(by: Signer, profile: Profile | None = None, at: datetime = AT) -> Path | Flaw:
    return chain.find(by.certificate, by.issuers, at, [profile or Profile("mine", (authority().root,))])


def test_the_path_leads_to_the_anchor() -> None:
    path = found(signer())

    assert path == Path("mine", (signer().certificate, authority().certificate, authority().root))


def test_the_authority_itself_can_be_the_anchor() -> None:
    assert isinstance(found(signer(), Profile("mine", (authority().certificate,))), Path)


def test_certificates_of_the_same_name_and_another_key_lead_nowhere() -> None:
    namesake = make_authority()

    assert found(replace(signer(), issuers=(namesake.certificate,))) is Flaw.UNKNOWN_ISSUER


def test_without_the_authority_between_there_is_no_path() -> None:
    assert found(replace(signer(), issuers=())) is Flaw.UNKNOWN_ISSUER


def test_no_anchors_lead_nowhere() -> None:
    assert found(signer(), Profile("none", ())) is Flaw.UNKNOWN_ISSUER


def test_below_a_pinned_key_nothing_counts_but_what_that_key_issued() -> None:
    own = Profile("pinned", (authority().root,), frozenset({chain.key_digest(authority().certificate)}))
    other = Profile("pinned", (authority().root,), frozenset({chain.key_digest(authority().root)}))

    assert isinstance(found(signer(), own), Path)
    assert found(signer(), other) is Flaw.UNKNOWN_ISSUER


def test_the_first_profile_with_a_path_counts() -> None:
    profiles = [
        Profile("none", ()),
        Profile("mine", (authority().root,)),
        Profile("later", (authority().root,)),
    ]

    path = chain.find(signer().certificate, signer().issuers, AT, profiles)

    assert isinstance(path, Path)
    assert path.profile == "mine"


@pytest.mark.parametrize("shift", [timedelta(days=-1), timedelta(days=2)])
def test_the_certificate_must_be_valid_at_that_instant(shift: timedelta) -> None:
    by = make_signer(authority(), valid=(AT - timedelta(hours=1), AT + timedelta(days=1)))

    assert isinstance(found(by), Path)
    assert found(by, at=AT + shift) is Flaw.NOT_VALID_THEN


def test_an_authority_that_was_certified_anew_after_the_provider_still_counts() -> None:
    early = make_signer(
        authority(), valid=(datetime(2014, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC))
    )

    assert early.certificate.not_valid_before_utc < authority().certificate.not_valid_before_utc
    assert isinstance(found(early, at=LONG_AGO), Path)


@pytest.mark.parametrize(
    ("certificate", "flaw"),
    [
        ({"is_ca": True}, Flaw.NOT_FOR_MAIL),
        ({"digital_signature": False}, Flaw.NOT_FOR_MAIL),
        ({"purpose": ExtendedKeyUsageOID.CODE_SIGNING}, Flaw.NOT_FOR_MAIL),
        ({"organisation": "Sandbox PEC S.p.A. e figli"}, Flaw.NAMES_NOT_ALLOWED),
        ({"address": "posta-certificata@evil.example"}, Flaw.UNKNOWN_ISSUER),
        ({"address": "info@pec.example"}, Flaw.NO_PROVIDER),
        ({"address": "posta-certificata.mario@pec.example"}, Flaw.NO_PROVIDER),
    ],
)
def test_a_certificate_that_is_no_providers_has_a_flaw(certificate: dict[str, object], flaw: Flaw) -> None:
    assert found(make_signer(authority(), **certificate)) is flaw  # type: ignore[arg-type]


def test_case_and_spaces_of_an_organisation_do_not_count() -> None:
    assert isinstance(found(make_signer(authority(), organisation="SANDBOX  pec s.p.a.")), Path)


def test_an_authority_that_is_not_for_mail_certifies_no_signer_of_mail() -> None:
    servers = make_authority(purpose=ExtendedKeyUsageOID.SERVER_AUTH)

    assert found(make_signer(servers), Profile("mine", (servers.root,))) is Flaw.NOT_FOR_MAIL


def test_a_second_address_makes_it_no_providers() -> None:
    names = x509.SubjectAlternativeName(
        [x509.RFC822Name("posta-certificata@pec.example"), x509.RFC822Name("mario@pec.example")]
    )

    assert found(_like(signer(), names)) is Flaw.NO_PROVIDER


def test_an_authority_below_the_one_that_may_have_none_certifies_no_signer() -> None:
    sub = make_signer(authority(), is_ca=True)
    leaf = make_signer(replace(authority(), certificate=sub.certificate, key=sub.key))

    below = replace(leaf, issuers=(sub.certificate, authority().certificate))

    assert found(below) is Flaw.UNKNOWN_ISSUER


def _like(by: Signer, names: x509.SubjectAlternativeName) -> Signer:
    """The same certificate with other names in it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = (
        x509.CertificateBuilder()
        .subject_name(by.certificate.subject)
        .issuer_name(by.certificate.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(by.certificate.not_valid_before_utc)
        .not_valid_after(by.certificate.not_valid_after_utc)
        .add_extension(names, critical=False)
    )
    for one in by.certificate.extensions:
        if not isinstance(one.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(one.value, critical=one.critical)
    return Signer(key, builder.sign(authority().key, hashes.SHA256()), by.issuers)
