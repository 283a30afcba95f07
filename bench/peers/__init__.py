"""The peers: programs that a user would write instead, each by its own documentation."""
