"""Webhooks: one signed POST of an event, and what its outcome means. `pec.store.outbox` decides which and when."""
