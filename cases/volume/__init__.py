"""The volume: a case file as one PDF for the archive, its review by score sheet, and the search over all of them."""
