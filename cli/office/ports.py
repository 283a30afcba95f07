"""The ports of an office, tried before anything is asked or started."""

import os
import socket

from cli.errors import Exit, Failure
from config.foreign_words import foreign_words
from config.texts import Text, _

_HOST = "127.0.0.1"  # the default address of console and gateway


def require_free_ports(*, console_port: int, gateway_port: int) -> None:
    """Raise Failure if console and gateway can't both listen. It names the option of `pec up`."""
    if console_port == gateway_port:
        raise Failure(
            _("--console-port and --gateway-port are both {port}: choose two ports").format(
                port=console_port
            ),
            Exit.USAGE,
        )
    for option, port in (("--console-port", console_port), ("--gateway-port", gateway_port)):
        try:
            socket.create_server((_HOST, port)).close()
        except OSError as error:
            raise Failure(
                _("can't listen on {host}, port {port} ({why}): choose another {option}").format(
                    host=_HOST, port=port, why=_words(error), option=option
                ),
                Exit.USAGE,
            ) from None


def _words(error: OSError) -> Text | str:
    """Return the system's words, without the address that Python adds."""
    return foreign_words(os.strerror(error.errno) if error.errno else str(error))
