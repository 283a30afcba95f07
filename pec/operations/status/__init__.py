"""The state of the installation: its overview, and the findings, warnings and forecasts drawn from it."""
