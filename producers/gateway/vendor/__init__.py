"""The vendor's seven operations, for clients that change nothing but the host."""
