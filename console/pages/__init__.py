"""The pages, one file each. A new page adds its router here, and its line to `console/navigation.py`."""

from console.pages import (
    account,
    decide,
    decisions,
    endpoint,
    figures,
    lists,
    login,
    mailboxes,
    message,
    message_files,
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
    message_files.router,
    decide.router,
    decisions.router,
    mailboxes.router,
    webhooks.router,
    endpoint.router,
    lists.router,
    workers.router,
    figures.router,
    redis.router,
    people.router,
)
