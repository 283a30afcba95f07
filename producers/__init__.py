"""Producers: the code that adds jobs to Redis, the Python API (`Producer`) and campaign files."""

from pec.jobs import JobRejected
from pec.store.rejections import Rejection
from producers.producer import Producer
from producers.sender import Enqueued
from producers.sites import SiteProducers

__all__ = ["Enqueued", "JobRejected", "Producer", "Rejection", "SiteProducers"]
