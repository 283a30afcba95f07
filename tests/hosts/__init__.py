"""A campaign on hosts of their own, whose network is cut as networks are: real processes, real links, no mocks."""
