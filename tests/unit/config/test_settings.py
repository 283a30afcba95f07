"""The settings, their defaults, and the refusal of invalid values."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from config.settings import Api, Settings, SettingsError, load_settings
from tests.unit.config.loading import load, refusal

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
ACME = {
    "PEC_ACCOUNTS__ACME__SENDER": "acme@pec.example",
    "PEC_ACCOUNTS__ACME__USERNAME": "acme",
    "PEC_ACCOUNTS__ACME__PASSWORD": "hunter2",
}


def endpoints(*each: dict[str, object]) -> str:
    return json.dumps([{"url": "https://hooks.example/pec", "secret": SECRET, **one} for one in each])


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)

    assert settings.redis_url == "redis://localhost:6379/0"
    assert settings.broker == "redis://localhost:6379/1"
    assert settings.namespace == "pec"
    assert settings.redis_replicas == 0
    assert settings.api.url == "https://ws.pecmassiva.com"
    assert settings.api.rate == 1
    assert settings.api.max_bytes == 30_000_000
    assert settings.api.daily_cap is None
    assert settings.accounts == {}
    assert settings.webhooks.endpoints == []
    assert settings.webhooks.allow_private is False
    assert settings.webhooks.timeout_seconds == 15


def test_the_default_schedules_are_those_of_the_design(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, hour = load(monkeypatch), 3600

    assert settings.receipts.backoff_seconds[0] == 5
    assert settings.receipts.backoff_seconds[-2:] == [1800, hour]
    assert settings.receipts.deadline_seconds == 30 * hour
    assert settings.uncertain.lookup_seconds == [60, 300, 1800, 7200]
    assert settings.webhooks.backoff_seconds == [
        5,
        300,
        *(1800 * half for half in (1, 4, 10, 20, 28, 40, 48)),
    ]
    assert settings.retention.ids_days == 400


def test_every_nested_setting_is_a_variable_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PEC_API__TOKEN="t0ken", PEC_RECEIPTS__BACKOFF_SECONDS="[1, 2]", **ACME)

    assert settings.receipts.backoff_seconds == [1, 2]
    assert settings.accounts["acme"].password.get_secret_value() == "hunter2"
    assert settings.token_of("acme") == "t0ken"


def test_an_account_s_own_token_comes_before_the_api_s(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PEC_API__TOKEN="general", PEC_ACCOUNTS__ACME__TOKEN="own", **ACME)

    assert settings.token_of("acme") == "own"


def test_an_account_without_any_token_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "set PEC_API__TOKEN or PEC_ACCOUNTS__ACME__TOKEN" in refusal(monkeypatch, **ACME)


def test_account_names_are_lower_cased(monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"sender": "s@pec.example", "username": "s", "password": "p", "token": "t"}

    settings = load(monkeypatch, PEC_ACCOUNTS=json.dumps({"ACME": account}))

    assert list(settings.accounts) == ["acme"]


def test_an_account_name_with_odd_characters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"sender": "s@pec.example", "username": "s", "password": "p", "token": "t"}

    assert "PEC_ACCOUNTS: account name 'a b'" in refusal(
        monkeypatch, PEC_ACCOUNTS=json.dumps({"a b": account})
    )


def test_endpoints_are_named_by_their_position_unless_they_have_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(monkeypatch, PEC_WEBHOOKS__ENDPOINTS=endpoints({}, {"name": "erp"}, {}))

    assert [endpoint.name for endpoint in settings.webhooks.endpoints] == ["0", "erp", "2"]


def test_two_endpoints_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    line = refusal(monkeypatch, PEC_WEBHOOKS__ENDPOINTS=endpoints({"name": "erp"}, {"name": "erp"}))

    assert line == "PEC_WEBHOOKS: two endpoints have the same name: give each its own"


def test_an_endpoint_may_have_several_secrets_while_they_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PEC_WEBHOOKS__ENDPOINTS=endpoints({"secret": f"{SECRET} {SECRET}"}))

    assert settings.webhooks.endpoints[0].secret.get_secret_value().split() == [SECRET, SECRET]


@pytest.mark.parametrize("secret", ["", "topsecret", "whsec_c2hvcnQ=", "whsec_*", f"{SECRET} other"])
def test_a_secret_that_can_t_sign_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    line = refusal(monkeypatch, PEC_WEBHOOKS__ENDPOINTS=endpoints({"secret": secret}))

    assert line.startswith("PEC_WEBHOOKS__ENDPOINTS[0].secret: must be whsec_ and base64")
    assert SECRET not in line
    assert "topsecret" not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PEC_API__RATE", "0"),
        ("PEC_API__RATE", "fast"),
        ("PEC_API__MARGIN_SECONDS", "-1"),
        ("PEC_API__URL", "api.example"),
        ("PEC_API__MAX_BYTES", "1.5"),
        ("PEC_RECEIPTS__DEADLINE_SECONDS", "inf"),
        ("PEC_RECEIPTS__BACKOFF_SECONDS", "5,10"),
        ("PEC_RECEIPTS__BACKOFF_SECONDS", "[]"),
        ("PEC_RECEIPTS__BACKOFF_SECONDS", "[5, 0]"),
        ("PEC_QUOTA__PAUSE_RATIO", "95"),
        ("PEC_RETENTION__IDS_DAYS", "0"),
        ("PEC_LOG_LEVEL", "loud"),
        ("PEC_NAMESPACE", "a b"),
        ("PEC_REDIS_REPLICAS", "-1"),
        ("PEC_REDIS_URL", "localhost:6379"),
        ("PEC_REDIS_URL", "redis://:s3cret/word@host/0"),
        ("PEC_BROKER_URL", "redis://host/one"),
        ("PEC_WEBHOOKS__ENDPOINTS", "https://hooks.example"),
        ("PEC_WEBHOOKS__ALLOW_PRIVATE", "perhaps"),
        ("PEC_ACCOUNTS__ACME", "acme@pec.example"),
    ],
)
def test_a_bad_value_gets_one_line_with_the_variable_s_name_and_not_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    line = refusal(monkeypatch, **{name: value})

    assert line.startswith(name)
    assert len(line.splitlines()) == 1
    assert value not in line.removeprefix(name) or len(value) < 3


def test_all_bad_values_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = refusal(monkeypatch, PEC_API__RATE="x", PEC_LEASE_SECONDS="0", PEC_REDIS_ULR="y").splitlines()

    assert [line.split(":")[0] for line in sorted(lines)] == [
        "PEC_API__RATE",
        "PEC_LEASE_SECONDS",
        "PEC_REDIS_ULR",
    ]


def test_no_repr_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        PEC_API__TOKEN="t0ken",
        PEC_REDIS_URL="redis://:s3cret@localhost/0",
        PEC_WEBHOOKS__ENDPOINTS=endpoints({}),
        **ACME,
    )

    for secret in ("t0ken", "s3cret", "hunter2", SECRET):
        assert secret not in repr(settings)
        assert secret not in str(settings)


def test_a_refusal_shows_no_secret_not_even_as_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, PEC_API__TOKEN="t0ken", PEC_API__RATE="x", PEC_ACCOUNTS__ACME__PASSWORD="hunter2")

    assert raised.value.__suppress_context__
    assert "hunter2" not in str(raised.value)
    assert "t0ken" not in str(raised.value)


def test_the_send_deadline_grows_with_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    api = load(monkeypatch, PEC_API__TIMEOUT_SECONDS="30", PEC_API__MIN_BYTES_PER_SECOND="1000").api

    assert api.send_deadline_seconds(0) == 30
    assert api.send_deadline_seconds(10_000) == 40


def test_a_broker_url_is_used_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, PEC_BROKER_URL="redis://other/7").broker == "redis://other/7"


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_NAMESPACE", "theirs")

    assert Settings(namespace="ours").namespace == "ours"
    assert isinstance(Settings(api={"token": "t"}).api.token, SecretStr)


@pytest.mark.parametrize(
    ("address", "words"),
    [("9464", "must be host:port, such as 0.0.0.0:9464 or [::]:9464"), ("h:70000", "port 70000 must be")],
)
def test_a_metrics_address_that_no_process_can_listen_on_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    line = refusal(monkeypatch, PEC_METRICS_ADDRESS=address)

    assert line.startswith(f"PEC_METRICS_ADDRESS: {words}")


def test_a_backup_was_not_made_in_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year mistyped would take all that was sent since the backup for not sent."""
    assert "lies in the future" in refusal(monkeypatch, PEC_RECONCILE_SINCE="2999-01-01T00:00:00Z")
    assert "is not an RFC 3339 instant" in refusal(monkeypatch, PEC_RECONCILE_SINCE="yesterday")
    assert load(monkeypatch, PEC_RECONCILE_SINCE="2026-01-01T00:00:00Z").reconcile_since


def test_a_machine_whose_clock_is_minutes_slow_starts_after_a_restore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong offset, which is an hour at least, is refused all the same."""
    now = datetime.now(UTC)

    def written(minutes: int) -> str:
        return (now + timedelta(minutes=minutes)).isoformat()

    assert load(monkeypatch, PEC_RECONCILE_SINCE=written(20)).reconcile_since
    assert "lies in the future" in refusal(monkeypatch, PEC_RECONCILE_SINCE=written(59))


@pytest.mark.parametrize(
    "url", ["archive", "./archive", "s3://", "s3://key:secret@bucket", "https://bucket/x", "s3:/x"]
)
def test_an_archive_that_is_neither_a_folder_s_path_nor_a_bucket_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert refusal(monkeypatch, PEC_ARCHIVE__URL=url).startswith(
        "PEC_ARCHIVE__URL: must be the absolute path"
    )


@pytest.mark.parametrize("url", ["/var/lib/pec/archive", "s3://bucket", "s3://bucket/some/prefix"])
def test_an_archive_is_a_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PEC_ARCHIVE__URL", f"{url}/")

    assert load_settings().archive.url == url


# IMAP

SERVER = {
    **ACME,
    "PEC_API__TOKEN": "t",
    "PEC_ARCHIVE__URL": "/var/lib/pec",
    "PEC_ACCOUNTS__ACME__IMAP__HOST": "imap.pec.example",
}


def test_a_mailbox_is_read_by_imap_only_if_its_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, PEC_API__TOKEN="t", **ACME).accounts["acme"].imap.host == ""
    assert "ACME__IMAP: has no HOST" in refusal(monkeypatch, PEC_ACCOUNTS__ACME__IMAP__PORT="143")


def test_imap_uses_the_credentials_of_the_api_unless_it_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    account = load(monkeypatch, **SERVER).accounts["acme"]
    assert (account.imap_username, account.imap_password.get_secret_value()) == ("acme", "hunter2")

    own = {"PEC_ACCOUNTS__ACME__IMAP__USERNAME": "M1", "PEC_ACCOUNTS__ACME__IMAP__PASSWORD": "own"}
    account = load(monkeypatch, **own).accounts["acme"]
    assert (account.imap_username, account.imap_password.get_secret_value()) == ("M1", "own")


@pytest.mark.parametrize(
    "written", ['["INBOX", "INBOX.Ricevute è"]', "INBOX, INBOX.Ricevute è", "INBOX,INBOX.Ricevute è,INBOX"]
)
def test_folders_are_json_or_separated_by_commas(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    settings = load(monkeypatch, PEC_ACCOUNTS__ACME__IMAP__FOLDERS=written, **SERVER)

    assert settings.accounts["acme"].imap.folders == ["INBOX", "INBOX.Ricevute è"]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("FOLDERS", '["INBOX"', "FOLDERS: must be JSON, or names separated by commas"),
        ("FOLDERS", "INBOX,,", "FOLDERS: has an empty name"),
        ("FOLDERS", "[]", "FOLDERS: List should have at least 1 item"),
        ("PASSWORD_EXPIRES", "28/2/2027", "PASSWORD_EXPIRES: is not a day such as 2027-02-28"),
        ("HOST", "imaps://imap.pec.example", "HOST: must be the name of the server alone"),
        ("HOST", "imap.pec.example:993", "HOST: must be the name of the server alone"),
        ("TLS", "false", "ACME__IMAP: TLS is false, and imap.pec.example is another machine"),
    ],
)
def test_a_wrong_imap_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    assert problem in refusal(monkeypatch, **{**SERVER, f"PEC_ACCOUNTS__ACME__IMAP__{name}": value})


def test_a_choice_names_what_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PEC_MAILBOX__PURGE: must be one of 'off', 'archived', 'texts'" in refusal(
        monkeypatch, PEC_MAILBOX__PURGE="archive"
    )


def test_without_tls_only_this_machine_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    local = {
        **SERVER,
        "PEC_ACCOUNTS__ACME__IMAP__HOST": "127.0.0.1",
        "PEC_ACCOUNTS__ACME__IMAP__TLS": "false",
    }

    assert not load(monkeypatch, **local).accounts["acme"].imap.tls


def test_what_imap_reads_needs_an_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = refusal(monkeypatch, **{**SERVER, "PEC_ARCHIVE__URL": ""})

    assert "account acme is read by IMAP without an archive: set PEC_ARCHIVE__URL" in refused


def test_as_many_sends_may_be_on_the_wire_as_are_made_while_the_api_answers() -> None:
    """With four, 20 sends a second to an API that answers after 0.4 s were 10 a second."""
    assert Api().places == 4
    assert Api(rate=0.1).places == 4
    assert Api(rate=20.0).places == 80
    assert Api(rate=1000.0).places == 1000
    assert Api(rate=20.0, in_flight=7).places == 7
