"""`pec demo`: the whole system on this machine, on a simulated PEC network: nothing is sent to anyone."""

from cli.demo.run import run

__all__ = ["run"]
