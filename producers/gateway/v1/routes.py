"""Every route under /v1."""

from fastapi import APIRouter

from producers.gateway.v1 import (
    accounts,
    batches,
    description,
    events,
    messages,
    receipts,
    rejected,
    sending,
    uploads,
    webhooks,
)

PREFIX = "/v1"
router = APIRouter(prefix=PREFIX)
for one in (sending, messages, receipts, uploads, batches, accounts, rejected, events, webhooks):
    router.include_router(one.router)
router.include_router(description.router_of(list(router.routes)))
