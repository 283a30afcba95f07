"""`python -m producers.cli` is `pec`."""

from producers.cli import main

main()
