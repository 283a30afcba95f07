"""Messages as an operator looks at them: found, listed, and why each waits."""
