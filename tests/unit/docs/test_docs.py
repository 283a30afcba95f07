"""The documentation says what the code does: what it names exists, and what exists is named."""

import json
import re
import tomllib
from pathlib import PurePosixPath

import jsonschema
import pytest
from pydantic import SecretStr

from cli import COMMANDS
from cli.demo.plan import planned
from cli.errors import Exit
from config.settings import Endpoint
from pec.event_schema import DATA
from pec.events import TYPES
from pec.jobs import parse
from pec.messages import public_fields
from tests.receiver import a_secret
from tests.unit.docs.named import command_lines, known_settings, settings_in, unknown_in
from tests.unit.docs.pages import PAGES, README, ROOT, anchors, blocks, prose, spans, tables
from tools.schemas import schemas
from tools.typescript import typescript

CONTRACT, WEBHOOKS = PAGES["docs/contract.md"], PAGES["docs/webhooks.md"]
DECISIONS = sorted(name for name in PAGES if name.startswith("docs/decisions/"))
JOB_TYPES = {"send", "poll", "cancel", "batch"}
JSON_EXAMPLES = [(name, example) for name, page in PAGES.items() for example in blocks(page, "json")]
every_page = pytest.mark.parametrize("name", sorted(PAGES))


# What is generated, or drawn


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_json_schemas_are_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == schemas()[name], "run `make docs`"


def test_the_typescript_types_are_current() -> None:
    assert (ROOT / "examples/node/pec.d.ts").read_text(encoding="utf-8") == typescript(), "run `make docs`"


def test_the_picture_shows_the_present_demo_and_loads_nothing() -> None:
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert all(one.id in picture for one in planned()), "run `make picture`"
    assert f"sends {len(planned())} PEC" in README
    assert not re.findall(r"url\((?!#)|href|@import", picture)


# Links


@every_page
def test_every_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(PAGES[name])):
        target, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), link
        if anchor:
            page = PAGES[str(PurePosixPath(path.resolve().relative_to(ROOT)))]
            assert anchor in anchors(page), link


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"README.md"}))
def test_every_page_can_be_reached_from_the_readme(name: str) -> None:
    assert f"]({name}" in README


@every_page
def test_every_file_that_is_named_exists(name: str) -> None:
    named = [span for span in spans(PAGES[name]) if re.fullmatch(r"[a-z_]+/[\w/.-]+", span)]
    scripts = [f"pec/store/scripts/{span}" for span in spans(PAGES[name]) if re.fullmatch(r"\w+\.lua", span)]
    assert [one for one in (*named, *scripts) if not (ROOT / one).exists()] == []


def test_the_design_shows_each_folder_of_the_source() -> None:
    [tree] = re.findall(r"## Source tree\n\n((?:    .*\n)+)", PAGES["docs/design.md"])
    shown = set(re.findall(r"(\w+)/", tree))
    sources = [path for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    below = [
        path for top in sources for path in top.parent.glob("*/__init__.py") if top.parent.name != "bench"
    ]
    folders = {path.parent.name for path in (*sources, *below)}
    assert folders - shown <= {"number_format", "report", "peers"}


# Commands and settings


@every_page
def test_every_command_and_option_exists(name: str) -> None:
    for line in command_lines(PAGES[name]):
        assert unknown_in(line) == [], line


@every_page
def test_every_setting_exists(name: str) -> None:
    known = known_settings()
    for found in settings_in(PAGES[name]):
        assert found in known or any(found.endswith("__") and one.startswith(found) for one in known), found


def test_every_command_is_mentioned() -> None:
    written = {line.split()[1] for page in PAGES.values() for line in command_lines(page) if " " in line}
    assert set(COMMANDS) - {"demo"} <= written  # `make demo` runs it


@every_page
def test_every_make_target_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`|^make (\w+)", PAGES[name], re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target


def test_the_exit_codes_are_reported() -> None:
    rows = tables(PAGES["docs/operations.md"].split("## The command")[1])[0]
    assert [int(code) for code, _ in rows] == [int(code) for code in Exit]


# The contract


@pytest.mark.parametrize(("name", "example"), JSON_EXAMPLES)
def test_every_json_example_is_a_job_or_an_event_as_the_schema_says(name: str, example: str) -> None:
    found = json.loads(example)
    kind = "job" if found["type"] in JOB_TYPES else "event"
    jsonschema.validate(found, json.loads(schemas()[f"{kind}.schema.json"]))
    if kind == "job":
        parse(example)
    else:
        assert set(found["data"]) <= set(DATA[found["type"]].model_fields)


def test_every_kind_of_job_has_an_example() -> None:
    shown = {json.loads(example)["type"] for name, example in JSON_EXAMPLES if name == "docs/contract.md"}
    assert shown == JOB_TYPES


def test_every_field_of_a_job_is_documented() -> None:
    schema = json.loads(schemas()["job.schema.json"])["$defs"]
    sections = re.split(r"^### ", CONTRACT, flags=re.MULTILINE)
    for title, section in ((one.split("\n")[0], one) for one in sections[1:]):
        fields = set(schema[f"{title.title()}Job"]["properties"]) - {
            "v",
            "type",
            "traceparent",
        }  # described once for all
        assert {
            field for field in fields if f"`{field}`" not in section and f'"{field}"' not in section
        } == set()


def test_every_field_of_a_message_is_documented() -> None:
    rows = tables(CONTRACT.split("## Fields of")[1])[0]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert documented == set(public_fields())


def test_every_event_is_documented() -> None:
    rows = tables(WEBHOOKS.split("## Types")[1].split("\n## ")[0])[0]
    assert sorted(row[0].strip("`") for row in rows) == sorted(TYPES)


@pytest.mark.parametrize(("language", "file"), [("js", "node/receive.mjs"), ("php", "php/receive.php")])
def test_how_to_verify_is_described_as_the_tested_example_does_it(language: str, file: str) -> None:
    example = (ROOT / "examples" / file).read_text(encoding="utf-8")
    [snippet] = blocks(WEBHOOKS, language)
    assert all(part in example for part in snippet.strip().split("\n\n"))


def test_the_page_has_python_as_the_readme_which_is_run() -> None:
    assert blocks(WEBHOOKS, "python")[0] in README


def test_the_endpoint_of_the_example_is_one() -> None:
    [example] = blocks(WEBHOOKS, "toml")
    [endpoint] = tomllib.loads(example)["webhooks"]["endpoints"]
    assert set(Endpoint(**{**endpoint, "secret": SecretStr(a_secret())}).events or []) <= set(TYPES)


# Decisions


def test_the_decisions_take_fifty_lines_each() -> None:
    assert len(DECISIONS) == 4
    for name in DECISIONS:
        assert PAGES[name].count("\n") <= 50
        headings = re.findall(r"^## (.*)$", PAGES[name], re.MULTILINE)
        assert headings == ["Context", "Choice", "Consequences", "Considered"]
