"""The parts of `pec import`: its options, checks, notes and report."""
