"""Every route under /v1."""

from fastapi import APIRouter

from producers.gateway.v1 import messages, sending

router = APIRouter(prefix="/v1")
router.include_router(sending.router)
router.include_router(messages.router)
