"""The files of encrypted connections to Redis."""

import os
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.sections.section import Section
from config.texts import _


class RedisTls(Section):
    """Files for encrypted connections to Redis and its Sentinels, `rediss://` and `rediss+sentinel://`."""

    ca: str = Field(
        "",
        description="path of a PEM file with the authorities by which servers are judged; empty: the system's",
    )
    certificate: str = Field(
        "", description="path of the PEM file with this client's certificate; empty: servers ask for none"
    )
    key: str = Field(
        "", description="path of the PEM file with the key of the certificate; empty: it is in the same file"
    )
    key_password: SecretStr | None = Field(None, description="password of the key; empty: it has none")
    check_hostname: bool = Field(
        True, description="whether a server's certificate must name the host by which it was reached"
    )

    @field_validator("ca", "certificate", "key")
    @classmethod
    def _readable_file(cls, path: str) -> str:
        if path and not (os.path.isfile(path) and os.access(path, os.R_OK)):  # noqa: PTH113 - text may be no path
            raise ValueError(_("must be the path of a file that this process can read"))
        return path

    @model_validator(mode="after")
    def _a_key_is_of_a_certificate(self) -> Self:
        if (self.key or self.key_password) and not self.certificate:
            raise ValueError(_("has a key without a certificate: set CERTIFICATE, or unset the others"))
        return self

    @property
    def options(self) -> dict[str, str]:
        """Return the options of a Redis URL that say the same."""
        password = self.key_password.get_secret_value() if self.key_password else ""
        stated = {
            "ssl_ca_certs": self.ca,
            "ssl_certfile": self.certificate,
            "ssl_keyfile": self.key or self.certificate,
            "ssl_password": password,
            "ssl_check_hostname": "" if self.check_hostname else "false",
        }
        return {name: value for name, value in stated.items() if value}
