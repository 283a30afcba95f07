"""Bundles: the proof of messages with its verdicts, for a court, a lawyer or a conservator."""
