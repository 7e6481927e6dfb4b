"""Papers of a case file: templates filled from its rows, numbers from a registry, signatures, what a printer prints."""
