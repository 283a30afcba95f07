"""The web console: pages that read through `pec.operations`, and act through it and `Producer`."""
