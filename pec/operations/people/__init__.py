"""Who may use the console and the gateway, and what they did."""
