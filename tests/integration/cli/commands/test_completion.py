"""Tab, in a real bash that has sourced the script."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
NO_SERVER = "redis://127.0.0.1:1/0"  # where no server listens
SETTINGS = {
    "PEC_REDIS_URL": NO_SERVER,
    "PEC_API__TOKEN": "t",
    "PEC_ACCOUNTS__ACME__SENDER": "acme@pec.example",
    "PEC_ACCOUNTS__ACME__USERNAME": "acme",
    "PEC_ACCOUNTS__ACME__PASSWORD": "p",
    "PEC_WEBHOOKS__ENDPOINTS": '[{"name": "crm", "url": "https://x.example", "secret": "whsec_%s"}]'
    % ("A" * 32),
}
Tab = Callable[..., list[str]]


@pytest.fixture
def tab(tmp_path: Path) -> Tab:
    """Return what bash offers for the last of some words."""
    command = tmp_path / "pec"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m cli "$@"\n')
    command.chmod(0o755)

    def offered(*words: str, **settings: str) -> list[str]:
        script = (
            'eval "$(pec completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pec_completion pec; '
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        ran = subprocess.run(
            ["bash", "-c", script, "bash", "pec", *words],
            env={**os.environ, **SETTINGS, **settings, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert ran.stderr == ""
        return ran.stdout.split()

    return offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("sta",), ["status"]),
        (("list", "--acc"), ["--account"]),
        (("list", "--account", ""), ["acme"]),
        (("pause", ""), ["acme"]),
        (("replay", "--endpoint", "c"), ["crm"]),
        (("send", "--webhook", ""), ["crm"]),
        (("list", "--state", "deli"), ["delivered"]),
        (("worker", "--queues", "we"), ["webhook"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("list", "--account", "z"), []),
    ],
)
def test_commands_options_and_names_are_completed(
    tab: Tab, words: tuple[str, ...], offered: list[str]
) -> None:
    assert tab(*words) == offered


def test_every_command_is_offered_in_italian_too(tab: Tab) -> None:
    offered = tab("", LC_ALL="", LANG="it_IT.UTF-8")

    assert {"send", "status", "worker", "completion"} <= set(offered)


def test_wrong_settings_and_unknown_commands_offer_nothing_and_say_nothing(tab: Tab) -> None:
    assert tab("list", "--account", "", PEC_API__RATE="fast") == []
    assert tab("nonsense", "--x") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    command = [sys.executable, "-m", "cli", "completion", shell]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=ROOT)

    assert f"_PEC_COMPLETE={shell}_complete" in ran.stdout
    assert ran.stderr == ""
