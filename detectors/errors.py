"""What can go wrong in seeing."""

from pathlib import Path


class DetectorError(Exception):
    """The detector cannot be used."""


class NoWeights(DetectorError):
    """No weights could be had; the message lists every place that was tried."""

    def __init__(self, tried: list[str]) -> None:
        super().__init__(
            f"no detector weights: tried {'; '.join(tried)}. Set STREETWITNESS_WEIGHTS to a folder with an exported "
            f"OpenVINO model (model.xml, model.bin, metadata.yaml) or to a YOLO .pt file"
        )
        self.tried = tried


class UnusableWeights(DetectorError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; export it again with Ultralytics, format openvino")
        self.path, self.why = path, why
