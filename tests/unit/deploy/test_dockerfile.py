"""`Dockerfile`: what goes into the image, what stays out, and who it runs as."""

import tomllib

import pytest

from config.sources import PREFIX
from tests.unit.deploy.image import ROOT, copied, instructions, is_ignored, stages

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD, IMAGE = stages()


def of_image(name: str) -> list[list[str]]:
    return [words for instruction, words in IMAGE if instruction == name]


def test_what_it_copies_is_there_and_not_kept_out() -> None:
    for source, _ in copied():
        assert (ROOT / source).exists(), source
        assert not is_ignored(source), source


def test_every_package_is_copied() -> None:
    packages = {name.split(".")[0] for name in PROJECT["tool"]["setuptools"]["packages"]}

    assert packages <= {source for source, target in copied() if source == target}


@pytest.mark.parametrize(
    "path",
    [
        *("pec.env", "pec.toml", "deploy/own/pec.env", "deploy/own/secrets/api_token", ".git/config"),
        *(".venv/bin/python", "tests/conftest.py", "docs/design.md", "build/lib/pec/jobs.py"),
        *("pec/__pycache__/jobs.cpython-313.pyc", "pec/store/__pycache__", "workers/app.pyc"),
    ],
)
def test_secrets_history_and_leftovers_stay_out(path: str) -> None:
    assert is_ignored(path)


@pytest.mark.parametrize("path", ["pec/store/scripts/commit.lua", "workers/app.py", "requirements-run.lock"])
def test_what_runs_goes_in(path: str) -> None:
    assert not is_ignored(path)


def test_all_stages_have_the_same_python() -> None:
    images = {words[0] for name, words in instructions() if name == "FROM"}

    assert len(images) == 1
    version = next(iter(images)).split(":")[1].split("-")[0]
    assert version.count(".") == 1, "a minor version is chosen, so that a rebuild is no upgrade"


def test_nothing_is_installed_without_its_hash() -> None:
    runs = [
        command for _, words in BUILD for command in " ".join(words).split("&&") if " install " in command
    ]

    assert len(runs) == 3
    assert all("--require-hashes" in command or "--no-index" in command for command in runs)


def test_the_tools_of_the_build_stay_behind() -> None:
    assert of_image("COPY") == [["--from=build", "/opt/pec", "/opt/pec"]]
    assert not any(" pip " in f" {' '.join(words)} " for words in of_image("RUN"))
    assert ["python", "-m", "venv", "--without-pip", "/opt/pec"] in [words for _, words in BUILD]


def test_it_is_not_root_by_number() -> None:
    [[user]] = of_image("USER")
    uid, gid = user.split(":")

    assert int(uid) >= 10_000
    [made] = of_image("RUN")
    assert ["groupadd", "--gid", gid] == made[:3]
    assert ["--uid", uid] == made[made.index("--uid") :][:2]
    assert f"chown {uid} " in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_it_starts_the_projects_own_command() -> None:
    [[entry]] = of_image("ENTRYPOINT")

    assert entry == '["pec"]'
    assert "pec" in PROJECT["project"]["scripts"]
    assert of_image("CMD") == [['["worker"]']]
    assert of_image("STOPSIGNAL") == [["SIGTERM"]]


def test_it_holds_no_setting() -> None:
    assert not any(word.startswith(PREFIX) for words in of_image("ENV") for word in words)
