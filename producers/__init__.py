"""What puts jobs into Redis: the Python API (`Producer`) and the command `pec`."""

from pec.jobs import JobRejected
from pec.store.rejections import Rejection
from producers.producer import Enqueued, Producer

__all__ = ["Enqueued", "JobRejected", "Producer", "Rejection"]
