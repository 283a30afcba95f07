"""Which Redis or Valkey server of this machine is run."""

from pathlib import Path

import pytest

from sandbox.redis_program import server_program


def stand_in(folder: Path, name: str, version: str) -> str:
    """Put a program that states this version, and return its path."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    "version", ["Redis server v=7.0.15 sha=0", "Redis server v=10.0.0 sha=0", "own build"]
)
def test_a_server_on_path_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    program = stand_in(tmp_path, "redis-server", version)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert server_program() == program


def test_an_old_server_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "redis-server", "Redis server v=6.2.14 sha=0")
    valkey = stand_in(tmp_path, "valkey-server", "Valkey server v=8.1.1 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert server_program() == valkey
