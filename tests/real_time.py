"""The mark of tests that hold a program to the real clock: `pytestmark = REAL_TIME`."""

import pytest

# A machine shared with others may stand still for seconds, which no length of patience in a test can tell from a fault.
# So what fails here is tried a second time, and the summary counts it as `rerun`. A fault that is there fails twice.
REAL_TIME = pytest.mark.flaky(reruns=1)
