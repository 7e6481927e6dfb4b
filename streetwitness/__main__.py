"""`python -m streetwitness`: the same as the command `streetwitness`, for where that is not on the path."""

from streetwitness.command import PROGRAM, app

app(prog_name=PROGRAM)
