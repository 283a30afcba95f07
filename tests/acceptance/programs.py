"""Programs that examples need and that may not be on this machine: skipped there, required in CI."""

import os
import shutil

import pytest


def program(name: str, *, in_ci: bool) -> str:
    """Its path. Where it is not installed the test is skipped, but fails in CI if it must be there."""
    found = shutil.which(name)
    if found is None:
        absent(f"{name} is not installed", in_ci=in_ci)
    return str(found)


def absent(why: str, *, in_ci: bool) -> None:
    if in_ci and os.environ.get("CI"):
        pytest.fail(f"CI must run this example: {why}")
    pytest.skip(why)
