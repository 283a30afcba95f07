"""Liveness and readiness, for supervisors and load balancers. They need no token and show nothing."""

import redis
from fastapi import APIRouter, Response

from producers.gateway.context import Here
from producers.gateway.problems import unavailable

router = APIRouter(prefix="/health", tags=["Health"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/ready")
async def ready(gateway: Here, response: Response) -> dict[str, str]:
    """Requests can be served: Redis answers, too."""
    try:
        await gateway.threads.probes.run(gateway.probe.client.ping)
    except (redis.RedisError, OSError):
        raise unavailable("Redis gives no answer") from None
    response.headers["Cache-Control"] = "no-store"
    return {"status": "ready"}
