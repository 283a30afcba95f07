"""`pec pause` and `pec resume` of accounts."""

import pytest

from pec.messages import Reason
from pec.store import accounts
from pec.store.store import Store
from tests.integration.commands import Pec


@pytest.mark.usefixtures("take_jobs")
def test_an_account_is_paused_and_resumed(pec: Pec, store: Store) -> None:
    assert pec("pause", "acme").code == 0
    reason = accounts.state_of(store, "acme").reason
    assert reason is not None
    assert reason.code == "operator"
    assert "already" in pec("pause", "acme").err

    assert pec("resume", "acme").code == 0
    assert accounts.state_of(store, "acme").reason is None
    assert "was not paused" in pec("resume", "acme").err


@pytest.mark.usefixtures("take_jobs")
def test_all_accounts_are_paused_and_resumed(pec: Pec, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SENDER", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.setenv(f"PEC_ACCOUNTS__BETA__{name}", "beta@pec.example")  # not yet known to a worker

    def reasons() -> list[Reason | None]:
        return [accounts.state_of(store, name).reason for name in ("acme", "beta")]

    paused = pec("pause", "--all")
    assert (paused.code, paused.err.splitlines()[:2]) == (0, ["acme: paused", "beta: paused"])
    assert all(reasons())
    assert "acme: it was paused already" in pec("pause", "--all").err

    assert pec("resume", "--all").code == 0
    assert not any(reasons())
    assert "acme: it was not paused" in pec("resume", "--all").err


def test_no_account_at_all_is_the_wrong_place(pec: Pec) -> None:
    assert (pec("pause", "--all").code, pec("resume", "--all").code) == (3, 3)


@pytest.mark.parametrize(
    "said",
    [("pause",), ("pause", "acme", "--all"), ("resume",), ("resume", "--all", "--endpoint", "crm")],
)
def test_what_to_pause_or_resume_must_be_said(pec: Pec, said: tuple[str, ...]) -> None:
    assert pec(*said).code == 2


@pytest.mark.usefixtures("take_jobs")
def test_a_mistyped_account_is_not_paused(pec: Pec, store: Store) -> None:
    paused = pec("pause", "amce")

    assert paused.code == 3
    assert "did you mean acme?" in paused.err
    assert not store.client.exists(store.keys.account("amce"))
