"""The ports of an office are tried before anything is started."""

import socket

import pytest

from cli.errors import Exit, Failure
from cli.office.ports import require_free_ports
from tests.wire import free_port


def test_free_ports_stay_free() -> None:
    console, gateway = free_port(), free_port()
    for _ in range(2):
        require_free_ports(console_port=console, gateway_port=gateway)


@pytest.mark.parametrize("taken", ["console", "gateway"])
def test_a_port_in_use_is_refused_with_the_option_that_names_it(taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        ports = {"console_port": free_port(), "gateway_port": free_port()}
        ports[f"{taken}_port"] = port = holder.getsockname()[1]
        with pytest.raises(Failure) as refused:
            require_free_ports(**ports)

    words = f"can't listen on 127.0.0.1, port {port} (Address already in use): choose another --{taken}-port"
    assert refused.value.message == words
    assert refused.value.exit_code == Exit.USAGE


def test_one_port_for_both_is_refused() -> None:
    port = free_port()
    with pytest.raises(Failure, match=f"--console-port and --gateway-port are both {port}"):
        require_free_ports(console_port=port, gateway_port=port)
