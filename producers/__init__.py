"""What puts jobs into Redis: the Python API (`Producer`) and the command `pec`."""

from pec.jobs import JobRejected
from producers.producer import Enqueued, Producer
from producers.rejections import Rejection

__all__ = ["Enqueued", "JobRejected", "Producer", "Rejection"]
