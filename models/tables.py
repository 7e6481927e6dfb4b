"""Every table, in one import, for those who need the whole schema (migrations, tests)."""

from models import exhibits, incidents, people, places, promises, watching

__all__ = ["exhibits", "incidents", "people", "places", "promises", "watching"]
