"""Campaign files: a spreadsheet of recipients becomes send jobs, all of them or none."""
