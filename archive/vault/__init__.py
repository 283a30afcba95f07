"""The archive of mails and content: a folder or S3-compatible storage."""

from archive.vault.errors import Altered, Missing, VaultAway, VaultError
from archive.vault.vault import CONTENT, EML, Vault

__all__ = ["CONTENT", "EML", "Altered", "Missing", "Vault", "VaultAway", "VaultError"]
