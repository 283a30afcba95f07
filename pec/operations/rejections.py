"""Jobs that workers rejected, as an operator lists them."""

from itertools import islice
from typing import Any

from pec.store.rejections import Rejection, as_error, newest
from pec.store.store import Store

__all__ = ["as_error", "list_rejections", "rejection_dict"]


def list_rejections(store: Store, *, batch: str | None, account: str | None, limit: int) -> list[Rejection]:
    """Return the rejected jobs of a batch or an account, or all, newest first."""
    wanted = (
        one
        for one in newest(store)
        if batch in (None, one.job.get("batch")) and account in (None, one.job.get("account"))
    )
    return list(islice(wanted, limit))


def rejection_dict(rejection: Rejection) -> dict[str, Any]:
    """Return the object that `--json` prints: its `state` is `rejected`, which no message ever is."""
    job = rejection.job
    known = {"job_type": job.get("type"), "account": job.get("account"), "batch": job.get("batch")}
    return {
        "id": rejection.name,
        "state": "rejected",
        "entry": rejection.entry,
        "at": rejection.at,
        **{name: value for name, value in known.items() if value is not None},
        "errors": [problem.as_dict() for problem in rejection.problems],
    }
