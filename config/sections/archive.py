"""Settings of the archive outside Redis: receipts and content, in a folder or in S3-compatible storage."""

from pathlib import PurePath
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from config.sections.section import Section
from config.texts import _


class S3(Section):
    """Access to S3-compatible storage. What is empty here is taken from AWS's own variables, such as AWS_REGION."""

    endpoint: str = Field("", description="address of the storage; empty: AWS_ENDPOINT_URL, or Amazon's")
    region: str = Field("", description="region of the bucket; empty: AWS_REGION, or us-east-1")
    access_key_id: str = Field(
        "", description="id of the access key; empty: AWS_ACCESS_KEY_ID, or the role of the machine"
    )
    secret_access_key: SecretStr | None = Field(
        None, description="secret of the access key; empty: AWS_SECRET_ACCESS_KEY, or the role of the machine"
    )

    @field_validator("endpoint")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
            raise ValueError(_("must be an address such as https://s3.eu-south-1.amazonaws.com"))
        return url.rstrip("/")


class Archive(Section):
    """How receipts and content are kept, and how receipts are judged."""

    url: str = Field(
        "",
        description="archive of original receipts and of content: the absolute path of a folder that every worker "
        "reaches, or `s3://bucket/prefix`; empty: none, and content stays in Redis",
    )
    s3: S3 = Field(default_factory=S3)
    anchors: str = Field(
        "",
        description="PEM file, or folder of PEM files, with authorities that receipts are judged by besides AgID's; "
        "empty: AgID's only",
    )

    @field_validator("url")
    @classmethod
    def _folder_or_bucket(cls, url: str) -> str:
        parts = urlsplit(url)
        bucket = parts.scheme == "s3" and parts.hostname and not (parts.query or parts.username)
        if url and not bucket and not PurePath(url).is_absolute():
            raise ValueError(_("must be the absolute path of a folder, or s3://bucket/prefix"))
        return url.rstrip("/") or url
