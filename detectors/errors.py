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


class NoPlateWeights(DetectorError):
    """A package that carries weights for plates is not installed, or holds other files than it did."""

    def __init__(self, package: str, part: str) -> None:
        super().__init__(f"no plates: {package} has no usable {part}; run pip install streetwitness again")
        self.package, self.part = package, part


class NoSuchGrammar(DetectorError):
    def __init__(self, country: str, known: list[str]) -> None:
        super().__init__(f"no grammar of plates for `{country}`; there are {', '.join(known)}")
        self.country, self.known = country, known


class PlateRefused(DetectorError):
    """What was read cannot be a plate."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"`{text}` is not a plate: {why}; look at the picture again")
        self.text, self.why = text, why
