"""Refusals of Redis: the words of the server, without secrets, and the remedy for each kind."""

import redis

from config.foreign_words import foreign_words, system_words
from config.redis_failover import ONE_SERVER, WrongServer
from config.texts import Text, _, joined

_CODES = ("MOVED", "ASK", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "CROSSSLOT")  # redis-py cuts these off
_ARGUMENTS = ", with args beginning with"  # after it a server quotes what it got: a password, perhaps
_MAX_LENGTH = 300

_CLUSTER = joined(": ", (_("it is a cluster, whose keys are on several servers"), ONE_SERVER))
_NO_TLS = _("the server speaks no TLS at this port: name its port for TLS, or write redis://")
_REMEDIES = (
    ("MISCONF", _("see the server's log, and make room on its disk")),
    ("loading", _("wait until it has read its append-only file")),
    (
        "protected mode",
        _("give the server a password and write it into PEC_REDIS_URL, or set `protected-mode no`"),
    ),
    ("NOREPLICAS", _("connect its replicas, or lower min-replicas-to-write")),
    ("READONLY", _("it is a replica: set PEC_REDIS_URL to the primary, or to the Sentinels")),
    ("No master found", _("start the Sentinels, or correct the name of the primary in PEC_REDIS_URL")),
    (
        "DB index",
        _(
            "name a database that the server has (by default 0 to 15), or raise its `databases`; "
            "PEC_BROKER_URL may name that of PEC_REDIS_URL"
        ),
    ),
    (
        "Hostname mismatch",
        _("name the host as the certificate does, or set PEC_REDIS_TLS__CHECK_HOSTNAME=false"),
    ),
    (
        "IP address mismatch",
        _("name the host as the certificate does, or set PEC_REDIS_TLS__CHECK_HOSTNAME=false"),
    ),
    ("certificate verify failed", _("name the authority of the server's certificate in PEC_REDIS_TLS__CA")),
    ("certificate required", _("name a certificate that the server knows in PEC_REDIS_TLS__CERTIFICATE")),
    ("violation of protocol", _("name a certificate that the server knows in PEC_REDIS_TLS__CERTIFICATE")),
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("handshake operation timed out", _NO_TLS),
    ("certificate or crl found", _("name a PEM file with certificates in PEC_REDIS_TLS__CA")),
    (
        "key values mismatch",
        _("name the key that belongs to PEC_REDIS_TLS__CERTIFICATE in PEC_REDIS_TLS__KEY"),
    ),
    ("reply type byte", _("another program listens there: name the host and port of Redis in PEC_REDIS_URL")),
    ("max number of clients", _("raise `maxclients` in the server's configuration")),
    *((word, _CLUSTER) for word in ("MOVED", "ASK ", "CLUSTERDOWN", "CROSSSLOT", "cluster mode")),
)


def cause_of(why: BaseException) -> Text | str:
    """Return the server's words, or the system's if they are beneath those of redis-py. No argument is quoted."""
    beneath = why.__cause__ or why.__context__
    if isinstance(why, redis.ConnectionError) and isinstance(beneath, OSError) and beneath.strerror:
        return system_words(beneath)
    if isinstance(own := str(why), Text):
        return own
    said = own.partition(_ARGUMENTS)[0][:_MAX_LENGTH]
    code = getattr(why, "status_code", None)
    return f"{code} {said}" if code in _CODES and not said.startswith(str(code)) else foreign_words(said)


def remedy_of(why: BaseException, otherwise: Text | str) -> Text | str:
    """Return what to do about a refusal whose kind is known, or `otherwise`."""
    if isinstance(why, WrongServer):
        return why.remedy
    said = f"{cause_of(why)} {why.__context__}"  # redis-py hides that a handshake timed out
    return next((remedy for word, remedy in _REMEDIES if word in said), otherwise)


def logged(why: BaseException) -> dict[str, str]:
    """Return the fields of a log line about an error: its class, its words, and the remedy if there is a known one."""
    remedy = str(remedy_of(why, ""))
    return {"error": type(why).__name__, "why": str(cause_of(why)), **({"remedy": remedy} if remedy else {})}
