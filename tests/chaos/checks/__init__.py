"""Each kind of harm, in what was observed of a run. Pure: a check yields a sentence for each finding."""

ENDS = frozenset({"delivered", "undelivered", "refused", "uncertified", "expired", "failed", "cancelled"})
SETTLED = ENDS | {"held"}
UNREACHABLE = "inside"  # an endpoint in our own network: its deliveries must die
