"""The fixtures of producers, for evidence."""

from tests.integration.producers import conftest as producing

producer, store = producing.producer, producing.store
take_jobs, change = producing.take_jobs, producing.change
