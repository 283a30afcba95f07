"""Messages of a batch that earlier imports enqueued: found, counted, and sent again."""
