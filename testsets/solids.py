"""What stands in the procedural scenes: balls, boxes, cans and planes that rays hit.

Vectors are (3, N) float32, lengths in metres; y points up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testsets.textures import Field, Texture


@dataclass(frozen=True)
class Surface:
    """What a solid looks like.

    Attributes:
        scale: tiles a metre.
        gloss: 0 (matt) to 1 (glazed).
        endless: a second, turned layer hides that the tile repeats.
    """

    texture: Texture
    scale: float = 1.0
    gloss: float = 0.0
    endless: bool = False

    def colours(self, u: Field, v: Field, footprint: Field) -> Field:
        found = self.texture.look_up(u, v, footprint)
        if self.endless:
            x = np.asarray(0.31 * u + 0.23 * v, np.float32)
            y = np.asarray(0.31 * v - 0.23 * u + 0.4, np.float32)
            wider = np.asarray(footprint * 0.39, np.float32)
            found = np.asarray(0.5 * found + 0.5 * self.texture.look_up(x, y, wider), np.float32)
        return found


@dataclass(frozen=True)
class Solid:
    """Something that rays hit. Subclasses say where (`hit`), and its shape there (`at`)."""

    centre: tuple[float, float, float]
    surface: Surface

    def hit(self, origin: Field, ray: Field) -> Field:
        """Distance (N,) along each ray, infinite where it misses."""
        raise NotImplementedError

    def at(self, point: Field) -> tuple[Field, Field, Field]:
        """Normals (3, N) and tile coordinates u, v (N,) of points on the surface."""
        raise NotImplementedError

    def reach(self) -> float:
        """Radius of a sphere about `centre` that stands for it where light is scarce."""
        raise NotImplementedError

    def local(self, point: Field) -> Field:
        return point - np.array(self.centre, np.float32)[:, None]


@dataclass(frozen=True)
class Sphere(Solid):
    radius: float = 1.0

    def hit(self, origin: Field, ray: Field) -> Field:
        start = self.local(origin)
        along = dot(start, ray)
        inside = along * along - dot(start, start) + self.radius**2
        distance = -along - np.sqrt(np.maximum(inside, 0))
        return np.where((inside > 0) & (distance > 0), distance, np.inf).astype(np.float32)

    def at(self, point: Field) -> tuple[Field, Field, Field]:
        normal = self.local(point) / self.radius
        scale = self.surface.scale * self.radius
        return (
            normal,
            np.arctan2(normal[0], normal[2]) * scale,
            np.arcsin(np.clip(normal[1], -1, 1)) * scale,
        )

    def reach(self) -> float:
        return self.radius


@dataclass(frozen=True)
class Box(Solid):
    """Half sizes along x, y, z, turned about the vertical by `angle` radians."""

    half: tuple[float, float, float] = (0.5, 0.5, 0.5)
    angle: float = 0.0

    def hit(self, origin: Field, ray: Field) -> Field:
        start, way = self._turn(self.local(origin), -1), self._turn(ray, -1)
        half = np.array(self.half, np.float32)[:, None]
        way = np.where(np.abs(way) < 1e-6, np.float32(1e-6), way)
        middle, extent = -start / way, half / np.abs(way)
        near, far = (middle - extent).max(0), (middle + extent).min(0)
        return np.where((near < far) & (near > 0), near, np.inf).astype(np.float32)

    def at(self, point: Field) -> tuple[Field, Field, Field]:
        place = self._turn(self.local(point), -1)
        side = np.abs(place) / np.array(self.half, np.float32)[:, None]
        axis = side.argmax(0)
        normal = np.zeros_like(place)
        everyone = np.arange(axis.size)
        normal[axis, everyone] = np.sign(place[axis, everyone])
        u = np.where(axis == 0, place[2], place[0]) + self.half[0]
        v = np.where(axis == 1, place[2], self.half[1] - place[1])
        return self._turn(normal, 1), u * self.surface.scale, v * self.surface.scale

    def reach(self) -> float:
        return float(min(self.half))

    def _turn(self, vector: Field, sign: int) -> Field:
        cos, sin = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle) * sign)
        x, y, z = np.broadcast_to(vector, (3, vector.shape[1]))
        return np.stack([cos * x + sin * z, y, cos * z - sin * x])


@dataclass(frozen=True)
class Cylinder(Solid):
    """Upright, closed at the top; `half_height` above and below its centre."""

    radius: float = 0.5
    half_height: float = 0.5

    def hit(self, origin: Field, ray: Field) -> Field:
        start = self.local(origin)
        square = np.maximum(ray[0] ** 2 + ray[2] ** 2, 1e-9)
        along = start[0] * ray[0] + start[2] * ray[2]
        inside = along**2 - square * (start[0] ** 2 + start[2] ** 2 - self.radius**2)
        side = (-along - np.sqrt(np.maximum(inside, 0))) / square
        level = start[1] + side * ray[1]
        side = np.where(
            (inside > 0) & (side > 0) & (np.abs(level) < self.half_height), side, np.inf
        )
        lid = (self.half_height - start[1]) / np.where(np.abs(ray[1]) < 1e-6, 1e-6, ray[1])
        x, z = start[0] + lid * ray[0], start[2] + lid * ray[2]
        lid = np.where((lid > 0) & (x * x + z * z < self.radius**2), lid, np.inf)
        return np.minimum(side, lid).astype(np.float32)

    def at(self, point: Field) -> tuple[Field, Field, Field]:
        place = self.local(point)
        top = place[1] > self.half_height - 1e-3
        normal = place / self.radius
        normal[1] = 0
        normal = np.where(top, np.array([[0], [1], [0]], np.float32), normal)
        u = np.where(top, place[0], np.arctan2(normal[0], normal[2]) * self.radius)
        v = np.where(top, place[2], self.half_height - place[1])
        return normal, u * self.surface.scale, v * self.surface.scale

    def reach(self) -> float:
        return min(self.radius, self.half_height)


@dataclass(frozen=True)
class Plane(Solid):
    """Endless: the ground through `centre`, or with `upright` a wall that faces the camera."""

    upright: bool = False

    def hit(self, origin: Field, ray: Field) -> Field:
        axis = 2 if self.upright else 1
        way = np.where(np.abs(ray[axis]) < 1e-6, np.float32(1e-6), ray[axis])
        distance = (self.centre[axis] - origin[axis]) / way
        return np.where((distance > 0) & (distance < 1e4), distance, np.inf).astype(np.float32)

    def at(self, point: Field) -> tuple[Field, Field, Field]:
        normal = np.zeros_like(point)
        if self.upright:
            normal[2] = -1
            return normal, point[0] * self.surface.scale, -point[1] * self.surface.scale
        normal[1] = 1
        return normal, point[0] * self.surface.scale, point[2] * self.surface.scale

    def reach(self) -> float:
        return 0.0


def dot(a: Field, b: Field) -> Field:
    """The products (N,) of two lots of vectors."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], np.float32)
