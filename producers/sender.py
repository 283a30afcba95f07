"""The base of the producers: the arguments of a PEC, and their use in a `with` statement."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypedDict, Unpack

from producers.uploads import Attached


class SendFields(TypedDict, total=False):
    """Optional fields of a send job; see `pec.jobs.SendJob`. None is the same as absent."""

    batch: str | None
    priority: int | None
    not_before: datetime | str | None
    not_after: datetime | str | None
    webhook: str | None
    metadata: Mapping[str, Any] | None
    reference: bool | None
    together: bool | None
    traceparent: str | None


class Enqueued(str):
    """A job's id. `entry` is its id in `pec:jobs`, by which `watch` learns of its rejection."""

    entry: str

    def __new__(cls, job_id: str, entry: str) -> Self:
        made = super().__new__(cls, job_id)
        made.entry = entry
        return made


class Sender(ABC):
    """Makes a job of the arguments of `send`, for whatever adds it."""

    def send(
        self,
        id: str,  # noqa: A002 - the contract's word
        account: str,
        recipient: str | Sequence[str],
        subject: str,
        body: str | Mapping[str, str],
        attachments: Sequence[Attached] = (),
        **fields: Unpack[SendFields],
    ) -> Enqueued:
        """Enqueue a PEC, or one to each of several recipients (`id#1`, `id#2`, …).

        `body` is HTML, or `{"sha256": …}` of HTML uploaded before. An attachment is a Path, a pair
        (name, bytes), or `{"name": …, "sha256": …}`.
        """
        job = {"account": account, "recipient": recipient, "subject": subject, "body": body}
        return self._enqueue({"type": "send", "id": id, **job, "attachments": attachments, **stated(fields)})

    @abstractmethod
    def close(self) -> None:
        """Close the connections to Redis."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _enqueue(self, job: Mapping[str, Any]) -> Enqueued:
        """Check the job and add it to `pec:jobs`."""


def stated(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
