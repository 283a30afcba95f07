"""Generators of documentation: schemas, types, the page of settings, the picture of the demo."""
