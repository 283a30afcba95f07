"""`python -m cli` is `pec`."""

from cli import main

main()
