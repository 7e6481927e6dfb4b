"""torchvision beside a torch that its compiled part was not built for: it imports, and suppresses doubles rightly."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
from detectors.training.torchvision_operators import ensure_torchvision
assert ensure_torchvision() == ensure_torchvision()
import torch, torchvision
boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30], [0, 0, 10, 10]], dtype=torch.float32)
scores = torch.tensor([0.5, 0.9, 0.3, 0.2])
print(torchvision.ops.nms(boxes, scores, 0.5).tolist())
"""


def test_doubles_are_suppressed_whether_or_not_the_compiled_part_loads():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1, 2]"
