"""An archive in a folder, and one in a bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Archive
from tests.integration.archive.vault.storage import KEYS, make_bucket, s3_server


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def in_folder(tmp_path: Path) -> Archive:
    return Archive.model_validate({"url": str(tmp_path / "archive")})


@pytest.fixture
def in_bucket(s3_url: str, tmp_path: Path) -> Archive:
    """An archive in a bucket of this test."""
    bucket = tmp_path.name.replace("_", "-").lower()[:60].strip("-")
    make_bucket(f"{s3_url}/{bucket}")
    return Archive.model_validate({"url": f"s3://{bucket}/some/prefix", "s3": {**KEYS, "endpoint": s3_url}})


@pytest.fixture(params=["folder", "bucket"])
def rules(request: pytest.FixtureRequest) -> Archive:
    """The settings of an archive, once in a folder and once in a bucket."""
    found: Archive = request.getfixturevalue(f"in_{request.param}")
    return found
