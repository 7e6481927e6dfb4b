"""How long is waited for what will come, before a test says that it does not: longer than a busy machine needs.

What is waited for is looked for again and again, so that patience costs nothing where it comes at once.
"""

PATIENCE_S = 120.0
PATIENCE_MS = 1000 * PATIENCE_S
