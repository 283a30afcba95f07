"""Names of messages and batches under /v1: each stands under its account, so that tenants share none.

`inv-1` of the account `acme` is `acme:inv-1` in Redis, in events and in answers. No account's name holds a colon.
"""

from pec.account_names import SEPARATOR, account_in
from pec.tokens import EVERY_ACCOUNT
from producers.gateway.auth import Caller


def own_name(account: str, name: str) -> str:
    """Return the name under its account. One that stands there already stays."""
    prefix = f"{account}{SEPARATOR}"
    return name if name.startswith(prefix) else prefix + name


def may_use_name(caller: Caller, name: str) -> bool:
    """Return whether a name without a record may be the caller's. One under no account is for tokens of all."""
    account = account_in(name)
    return caller.may_use(account) if account is not None else sees_all(caller)


def sees_all(caller: Caller) -> bool:
    return EVERY_ACCOUNT in caller.token.accounts
