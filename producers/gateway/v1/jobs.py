"""From the body of a request to jobs: checked by the models of the contract, and put under their accounts."""

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pec.content import sha256
from pec.job_messages import Contents, check_size, contents_of, count_of
from pec.jobs import JobRejected, SendJob, read_json, validate
from pec.problems import Problem as Fault
from pec.problems import problem
from pec.store import uploaded
from producers.gateway.auth import Caller
from producers.gateway.context import Gateway
from producers.gateway.problems import Problem, rejected
from producers.gateway.v1.names import own_name, sees_all
from producers.producer import wire_job
from producers.uploads import Uploads

MAX_MESSAGES = 1000  # in one request
_MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job of the contract, its JSON for the stream, and where its contents are."""

    job: SendJob
    stated: str
    contents: Contents

    @property
    def count(self) -> int:
        """Return how many PEC it makes."""
        return count_of(self.job) or 1


@dataclass(frozen=True, slots=True)
class Request:
    """All jobs of a request, and the bytes that they carried."""

    jobs: Sequence[Prepared]
    uploads: Mapping[str, bytes]

    @property
    def fingerprint(self) -> str:
        return sha256("\n".join(one.stated for one in self.jobs).encode())

    @property
    def count(self) -> int:
        return sum(one.count for one in self.jobs)


def one(gateway: Gateway, caller: Caller, body: bytes, key: str | None) -> Request:
    """Return the request to send one message. Raise JobRejected, and a Problem if a repeat could not be recognised."""
    found = read_json(body)
    return _request(gateway, caller, [("", found)], key)


def many(gateway: Gateway, caller: Caller, body: bytes, key: str | None, *, by_lines: bool) -> Request:
    """Return the request to send many: `{"messages": […]}`, or a message a line. Raise JobRejected or a Problem."""
    found = list(_lines(body)) if by_lines else _listed(read_json(body))
    if not found:
        raise rejected(JobRejected([problem("messages", "empty")]))
    if len(found) > MAX_MESSAGES:
        raise rejected(JobRejected([problem("messages", "too_many_entries", max_length=MAX_MESSAGES)]))
    return _request(gateway, caller, [(f"messages.{place}", job) for place, job in enumerate(found)], key)


def _lines(body: bytes) -> Iterator[Any]:
    for number, line in enumerate(line for line in body.split(b"\n") if line.strip()):
        try:
            yield read_json(line)
        except JobRejected as error:
            raise _placed(f"messages.{number}", error) from None


def _listed(found: Any) -> list[Any]:
    messages = found.get("messages") if isinstance(found, dict) else None
    if not isinstance(messages, list):
        raise JobRejected([problem("messages", "not_a_list")])
    if stray := [name for name in found if name != "messages"]:
        raise JobRejected([problem(stray[0][:64] if stray[0].isprintable() else "job", "stray_field")])
    return messages


def _request(gateway: Gateway, caller: Caller, found: Sequence[tuple[str, Any]], key: str | None) -> Request:
    uploads = Uploads()
    jobs: list[Prepared] = []
    faults: list[Fault] = []
    for number, (place, stated) in enumerate(found):
        try:
            jobs.append(_prepared(caller, uploads, stated, _id_of(caller, key, number)))
        except JobRejected as error:
            faults += _placed(place, error).problems
            if len(faults) >= _MAX_FAULTS:
                break
    if not faults:
        faults = [
            *_used_twice(jobs, found),
            *_faults_of_content(gateway, caller, jobs, uploads.waiting, found),
        ]
    if faults:
        raise JobRejected(faults[:_MAX_FAULTS])
    return Request(jobs, uploads.waiting)


def _id_of(caller: Caller, key: str | None, number: int) -> str | None:
    """Return the id of a message that states none: the same for the same key, and no other tenant's."""
    if key is None:
        return None
    return f"gw-{sha256(f'{caller.token.id} {key} {number}'.encode())[:32]}"


def _prepared(caller: Caller, uploads: Uploads, stated: Any, made_id: str | None) -> Prepared:
    if not isinstance(stated, dict):
        raise JobRejected([problem("job", "not_a_job")])
    if stated.get("type", "send") != "send":
        raise JobRejected([problem("type", "other_value", expected="'send'")])
    named = _under_account({**stated, "type": "send"}, made_id)
    attached = named.get("attachments")
    if not isinstance(attached, list) or all(isinstance(one, dict) for one in attached):
        named = uploads.prepare(named)
    job = validate(named)
    assert isinstance(job, SendJob)  # noqa: S101 - its type says so
    if not caller.may_use(job.account):
        names = ", ".join(sorted(caller.token.accounts))
        raise JobRejected([problem("account", "unknown_account", names=names)])
    if job.webhook is not None and not sees_all(caller):
        raise JobRejected([problem("webhook", "no_endpoint_known")])
    return Prepared(job, wire_job(job), contents_of(job))


def _under_account(job: dict[str, Any], made_id: str | None) -> dict[str, Any]:
    account = job.get("account")
    if job.get("id") is None:
        if made_id is None:
            detail = "send an Idempotency-Key, or give each message an id: then a repeat sends nothing twice"
            raise Problem(400, "key_missing", detail)
        job["id"] = made_id
    for name in ("id", "batch"):
        if isinstance(account, str) and isinstance(job.get(name), str) and job[name]:
            job[name] = own_name(account, job[name])
    return job


def _used_twice(jobs: Sequence[Prepared], found: Sequence[tuple[str, Any]]) -> list[Fault]:
    """Return what is wrong with ids that stand twice: workers take the first of two different messages only."""
    by_id: dict[str, str] = {}
    return [
        problem(f"{place}.id", "id_used")
        for (place, _), one in zip(found, jobs, strict=True)
        if by_id.setdefault(one.job.id, one.stated) != one.stated
    ]


def _faults_of_content(
    gateway: Gateway,
    caller: Caller,
    jobs: Sequence[Prepared],
    carried: Mapping[str, bytes],
    found: Sequence[tuple[str, Any]],
) -> list[Fault]:
    """Return what is wrong with uploads that jobs name, and with sizes."""
    lengths = {digest: len(content) for digest, content in carried.items()}
    named = {digest for one in jobs for digest in one.contents.named if digest not in lengths}
    lengths |= uploaded.sizes(gateway.store, caller.token.id, named)
    faults: list[Fault] = []
    for (place, _), one in zip(found, jobs, strict=True):
        missing = [
            problem(field, "upload_missing", key=f"/v1/uploads/{digest}")
            for digest, field in one.contents.named.items()
            if digest not in lengths
        ]
        try:
            if missing:
                raise JobRejected(missing)
            own = {digest: len(content) for digest, content in one.contents.carried.items()}
            check_size(one.job, one.contents, ChainMap(own, lengths), gateway.settings.api.max_bytes)
        except JobRejected as error:
            faults += _placed(place, error).problems
    return faults


def _placed(place: str, error: JobRejected) -> JobRejected:
    if not place:
        return error
    return JobRejected(
        [
            replace(one, field=place if one.field == "job" else f"{place}.{one.field}")
            for one in error.problems
        ]
    )
