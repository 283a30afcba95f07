"""`pec up`: server, workers, gateway and console of an office on one machine, in a folder of its own."""

from cli.office.run import run

__all__ = ["run"]
