"""The HTTP gateway: a producer that speaks HTTP, with the vendor's own operations and newer ones under /v1."""
