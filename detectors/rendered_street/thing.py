"""A thing that can stand in a rendered street: its mesh, what it is called, and the ground it covers."""

from dataclasses import dataclass

from detectors.rendered_street.mesh import Mesh


@dataclass(frozen=True)
class Thing:
    """class_name: what a detector should call it. length (x) and width (y): metres of ground, for its shadow."""

    class_name: str
    mesh: Mesh
    length: float
    width: float
