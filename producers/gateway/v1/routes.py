"""Every route under /v1."""

from fastapi import APIRouter

from producers.gateway.v1 import accounts, batches, messages, receipts, rejected, sending, uploads, webhooks

router = APIRouter(prefix="/v1")
for one in (sending, messages, receipts, uploads, batches, accounts, rejected, webhooks):
    router.include_router(one.router)
