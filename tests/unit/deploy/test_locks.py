"""`requirements-run.lock`: what the image runs is what was tested, and nothing else."""

import tomllib

from packaging.requirements import Requirement

from tests.unit.deploy.locks import ROOT, closure, pinned_here, pins

WHOLE, RUN = "requirements.lock", "requirements-run.lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_what_runs_is_what_was_tested_hash_by_hash() -> None:
    tested = pins(WHOLE)

    assert [name for name, entry in pins(RUN).items() if tested.get(name) != entry] == [], "run `make lock`"
    assert all("--hash=sha256:" in entry for entry in pins(RUN).values())


def test_it_is_all_that_the_application_needs_to_run_and_nothing_more() -> None:
    assert pinned_here(RUN) == closure([Requirement(text) for text in PROJECT["dependencies"]]), (
        "run `make lock`"
    )


def test_no_tool_of_development_is_in_the_image() -> None:
    assert not pins(RUN).keys() & {"mypy", "ruff", "uv", "pytest", "hypothesis", "setuptools"}
