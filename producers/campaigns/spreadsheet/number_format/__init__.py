"""Show a number or a text as an Italian Excel shows it under a number format. Pure."""
