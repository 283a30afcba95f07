"""Campaigns that people prepare in the console: their files, and the work on them beside the pages."""
