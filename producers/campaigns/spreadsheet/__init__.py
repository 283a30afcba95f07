"""From a file as spreadsheet programs write it to rows of text."""
