"""Programs that examples need and that may not be on this machine: skipped there, required in CI."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGES = {"curl": "curl", "node": "nodejs", "npm": "npm", "php": "php-cli php-curl"}  # Debian's
NPM_SECONDS = 150


def program(name: str, *, in_ci: bool) -> str:
    """Its path. Where it is not installed the test is skipped, but fails in CI if it must be there."""
    found = shutil.which(name)
    if found is None:
        remedy = f": apt-get install {PACKAGES[name]}" if name in PACKAGES else ""
        absent(f"{name} is not installed{remedy}", in_ci=in_ci)
    return str(found)


def php_with(extension: str, package: str) -> str:
    """The path of a PHP that has the extension."""
    php = program("php", in_ci=False)
    known = subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout.split()
    if extension not in known:
        absent(f"PHP has no extension {extension}: apt-get install {package}", in_ci=False)
    return php


def npm_installed(source: Path, folder: Path) -> Path:
    """Copy a folder of Node programs, and install what its package-lock.json names."""
    npm = program("npm", in_ci=True)
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False
    )
    if done.returncode:
        absent(f"npm ci failed, which needs its registry once: {done.stderr[-500:]}", in_ci=True)
    return folder


def absent(why: str, *, in_ci: bool) -> None:
    if in_ci and os.environ.get("CI"):
        pytest.fail(f"CI must run this example: {why}")
    pytest.skip(why)
