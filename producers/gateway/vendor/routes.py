"""Every route of the vendor's API."""

from fastapi import APIRouter

from producers.gateway.vendor import description, mailbox, receipts, send

router = APIRouter()
router.include_router(send.router)
router.include_router(receipts.router)
router.include_router(mailbox.router)
router.include_router(description.router_of(list(router.routes)))
