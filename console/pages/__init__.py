"""The pages, one file each. A new page adds its router here, and its line to `console/navigation.py`."""

from console.pages import (
    account,
    decisions,
    lists,
    login,
    mailboxes,
    message,
    messages,
    overview,
    people,
    redis,
    webhooks,
    workers,
)

ROUTERS = (
    login.router,
    account.router,
    overview.router,
    messages.router,
    message.router,
    decisions.router,
    mailboxes.router,
    webhooks.router,
    lists.router,
    workers.router,
    redis.router,
    people.router,
)
