"""S3-compatible storage as the place of the archive."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from archive.vault.errors import VaultAway
from config.settings import Archive

if TYPE_CHECKING:
    from obstore import GetResult  # it exists for type checkers only

SHORT_TIMEOUT = timedelta(seconds=30)  # of a request with little content; jobs wait meanwhile
MIN_BYTES_PER_SECOND = 500_000  # above this, the time for more content grows
LONG_TIMEOUT = timedelta(minutes=10)  # of an answer as long as bytes keep coming
SILENCE = timedelta(seconds=20)  # in an answer
CONNECT_TIMEOUT = timedelta(seconds=5)
RETRY_TIMEOUT = timedelta(seconds=10)
MAX_RETRIES = 2
CHUNK_BYTES = 1_000_000
_CAUSES = {  # by what the storage's text holds
    "NoSuchBucket": "no_bucket",
    "InvalidAccessKeyId": "unknown_key",
    "SignatureDoesNotMatch": "wrong_secret",
    "InvalidCertificate": "certificate",  # before the next, which it holds too
    "Connect,": "no_answer",
    "Timeout,": "too_slow",
}


class S3:
    """Objects below one prefix of a bucket. Raises VaultAway if the storage refuses, or does not answer."""

    can_vanish = False

    def __init__(self, rules: Archive) -> None:
        parts, s3 = urlsplit(rules.url), rules.s3
        secret = s3.secret_access_key
        given: dict[str, Any] = {
            "endpoint": s3.endpoint,
            "region": s3.region,
            "access_key_id": s3.access_key_id,
            "secret_access_key": secret.get_secret_value() if secret else "",
        }
        self._url = rules.url

        def store(timeout: timedelta, **more: timedelta) -> S3Store:
            options: Any = {
                "allow_http": s3.endpoint.startswith("http://"),
                "timeout": timeout,
                "connect_timeout": CONNECT_TIMEOUT,
                **more,
            }
            return S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                client_options=options,
                retry_config={"max_retries": MAX_RETRIES, "retry_timeout": RETRY_TIMEOUT},
                **{name: value for name, value in given.items() if value},
            )

        self._reading = store(LONG_TIMEOUT, read_timeout=SILENCE)
        self._writing = cache(store)  # without SILENCE, which would count an upload too

    def __str__(self) -> str:
        return self._url

    def put_new(self, name: str, data: bytes) -> bool:
        """Write an object that is not there yet. Return False, and change nothing, if it is there."""
        try:
            obstore.put(self._writing(timeout_of(data)), name, data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except NotSupportedError:  # a storage without conditions: the same name has the same bytes
            if self.chunks(name) is not None:
                return False
            self.overwrite(name, data)
        except (BaseError, OSError) as error:
            raise self._away(error) from None
        return True

    def overwrite(self, name: str, data: bytes) -> None:
        try:
            obstore.put(self._writing(timeout_of(data)), name, data, use_multipart=False)
        except (BaseError, OSError) as error:
            raise self._away(error) from None

    def chunks(self, name: str) -> Iterator[bytes] | None:
        """Return the bytes of an object in order, or None if there is none."""
        try:
            found = obstore.get(self._reading, name)
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._away(error) from None
            return None
        except (BaseError, OSError) as error:
            raise self._away(error) from None
        return self._chunks(found)

    def _chunks(self, found: "GetResult") -> Iterator[bytes]:
        try:
            for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)
        except (BaseError, OSError) as error:
            raise self._away(error) from None

    def written_since(self, at: float, suffix: str) -> Iterator[str]:
        """Yield the names with this end of objects that were written at that time or later."""
        try:
            for batch in obstore.list(self._reading):
                for one in batch:
                    if one["path"].endswith(suffix) and one["last_modified"].timestamp() >= at:
                        yield one["path"]
        except (BaseError, OSError) as error:
            raise self._away(error) from None

    def remove_unfinished(self) -> None:
        """Do nothing: each upload is one request, of which the storage keeps all or nothing."""

    def delete(self, name: str) -> None:
        try:
            obstore.delete(self._reading, name)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._away(error) from None

    def _away(self, error: Exception) -> VaultAway:
        """Return the error in words. The storage's own text can hold the request, so only its first line is shown."""
        said = str(error).strip()
        for sign, cause in _CAUSES.items():
            if sign in said:
                return VaultAway(cause, place=self._url)
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return VaultAway("denied", place=self._url)
        why = said.partition("\n")[0][:300] or type(error).__name__
        return VaultAway("storage", place=self._url, why=why)


def timeout_of(data: bytes) -> timedelta:
    """Return how long an upload may take: one of few lengths, because each has a client of its own."""
    timeout = SHORT_TIMEOUT
    while timeout.total_seconds() * MIN_BYTES_PER_SECOND < len(data):
        timeout *= 2
    return timeout
