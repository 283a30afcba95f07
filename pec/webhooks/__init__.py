"""Webhooks: one signed POST of an event to an endpoint, and what its outcome means. Which event, and when: `pec.store.outbox`."""
