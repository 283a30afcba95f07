"""`pec list --rejected`: jobs that the workers did not take, newest first, with what is wrong in each."""

from itertools import islice

from cli import output
from cli.session import open_session
from cli.shapes import REJECTED_COLUMNS, rejection_dict, rejection_rows
from pec.store.rejections import newest


def list_rejected(batch: str | None, account: str | None, limit: int, *, as_json: bool) -> None:
    """Print the jobs of a batch or a mailbox, or all."""
    with open_session() as session:
        wanted = (
            one
            for one in newest(session.store)
            if batch in (None, one.job.get("batch")) and account in (None, one.job.get("account"))
        )
        chosen = list(islice(wanted, limit))
    if as_json:
        for one in chosen:
            output.data(rejection_dict(one))
        return
    output.table(REJECTED_COLUMNS, (row for one in chosen for row in rejection_rows(one)))
    if len(chosen) == limit:
        output.note(f"The first {limit}: --limit shows more.")
