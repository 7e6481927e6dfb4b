"""Casework: a matter from its registration to the archive, in the order the law gives.

`table.py` says which step may follow which, `gates.py` what has to be there before a step, `steps.py` takes it.
"""
