"""Measures what users pay for, ours beside what they would write instead: `make bench`."""
