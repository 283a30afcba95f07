"""A report of a batch, to print and sign: read from Redis, laid out as HTML or PDF, in Italian or English."""
