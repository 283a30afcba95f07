"""Webhooks: one signed POST of an event, and what its outcome means. Which, and when: `pec.store.outbox`."""
