"""Procedural scenes: what a camera could have been pointed at. Linear light and object outlines.

Nothing here is a photograph yet: `testsets.camera` makes one of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from testsets import textures
from testsets.raytrace import Eye, World, trace
from testsets.solids import Box, Cylinder, Plane, Solid, Sphere, Surface
from testsets.textures import Field, Texture

SIDE = 1024  # pixels of a plate: the largest picture that is cut from it
OVERSAMPLING = 1.25  # rays a pixel and direction: edges are smoothed, as a lens would
PLATES = 36  # scenes in all; each is photographed many times, from other crops and exposures
CACHED = 36  # plates of 7 MB


@dataclass(frozen=True)
class Plate:
    """A scene before the camera.

    Attributes:
        kind: which of `KINDS`.
        light: (SIDE, SIDE, 3) float16, linear, relative; about 1 is white.
        objects: (SIDE, SIDE) uint8, 0 for the surroundings, else the number of an object.
    """

    kind: str
    light: NDArray[np.float16]
    objects: NDArray[np.uint8]


@lru_cache(maxsize=CACHED)
def plate(seed: int, number: int) -> Plate:
    """Scene `number` of a seed; the kinds take turns."""
    rng = np.random.default_rng([seed, 1, number])
    kind = list(KINDS)[number % len(KINDS)]
    world, eye = KINDS[kind](rng)
    light, objects = trace(world, eye, round(SIDE * OVERSAMPLING))
    small = cv2.resize(light, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    outlines = cv2.resize(objects, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return Plate(kind, small.astype(np.float16), np.asarray(outlines, np.uint8))


def meadow(rng: np.random.Generator) -> tuple[World, Eye]:
    """Grass under a sky with hills; balls, crates and a sign."""
    return _outdoors(rng, "grass", _scattered(rng, _sign(rng), (3, 6)))


def beach(rng: np.random.Generator) -> tuple[World, Eye]:
    """Sand with balls and crates, hills beyond."""
    return _outdoors(rng, "sand", _scattered(rng, [], (3, 7)))


def street(rng: np.random.Generator) -> tuple[World, Eye]:
    """Houses on both sides of a road, a sign, a few bollards."""
    solids: list[Solid] = []
    for side in (-1, 1):
        z = _draw(rng, 9, 12)
        for _ in range(4):
            depth, height = _draw(rng, 3, 6), _draw(rng, 3, 8)
            surface = Surface(Texture(textures.facade(rng)), scale=1 / _draw(rng, 9, 13))
            centre = (side * (_draw(rng, 5, 7) + 3), height, z + depth)
            solids.append(Box(centre, surface, (3.0, height, depth)))
            z += 2 * depth + _draw(rng, 0, 2)
    return _outdoors(rng, "asphalt", _scattered(rng, [*_sign(rng), *solids], (2, 5)))


def table(rng: np.random.Generator) -> tuple[World, Eye]:
    """Fruit, cups and boxes on a table in front of a wall, lit by a window."""
    top = textures.wood if rng.random() < 0.6 else textures.fabric
    ground = Plane((0, 0, 0), Surface(Texture(top(rng)), scale=_draw(rng, 0.5, 1.0), gloss=0.15))
    back = (textures.plaster, textures.brick, textures.tiles)[int(rng.integers(3))]
    wall = Plane((0, 0, 4.6), Surface(Texture(back(rng)), scale=_draw(rng, 0.35, 0.6)), True)
    solids = _scattered(rng, [], (4, 8), outdoors=False)
    sun = towards(_side(rng) * _draw(rng, 0.7, 1.3), _draw(rng, 0.6, 1.0))
    warm = np.array([[1.0], [_draw(rng, 0.82, 0.95)], [_draw(rng, 0.6, 0.85)]], np.float32)
    ambient = _draw(rng, 0.18, 0.4) * np.array([[0.95], [1.0], [1.05]])

    def room(ray: Field) -> Field:
        """What glossy things mirror: a bright window at one side of a dim room."""
        window = np.clip((ray * sun).sum(0) * 6 - 4.2, 0, 1)
        return np.asarray(0.12 + 0.9 * window * warm, np.float32)

    world = World(
        [ground, wall], solids, sun, warm, ambient.astype(np.float32), room, warm, softness=0.09
    )
    return world, Eye(_draw(rng, 1.5, 2.0), _draw(rng, 0.26, 0.36), _draw(rng, 0.7, 0.85))


def poster_wall(rng: np.random.Generator) -> tuple[World, Eye]:
    """A wall with boards on it, seen from the front, in slanting sunlight."""
    back = (textures.brick, textures.plaster)[int(rng.integers(2))]
    wall = Plane((0, 0, 4), Surface(Texture(back(rng)), scale=_draw(rng, 0.4, 0.7)), True)
    pavement = Plane((0, 0, 0), Surface(Texture(textures.asphalt(rng)), scale=0.5))
    solids: list[Solid] = []
    for place in range(2 + int(rng.integers(2))):
        half = _draw(rng, 0.32, 0.5)
        face = Surface(Texture(textures.sign(rng)), scale=1 / (2 * half))
        centre = (-1.25 + 1.25 * place + _draw(rng, -0.1, 0.1), _draw(rng, 1.2, 2.0), 3.93)
        solids.append(Box(centre, face, (half, half, 0.05)))
    solids = _scattered(rng, solids, (1, 4), outdoors=False)
    return _outdoors(rng, "asphalt", solids, planes=[pavement, wall], low=(0.5, 0.9))


def lake(rng: np.random.Generator) -> tuple[World, Eye]:
    """Still water before mountains."""
    world, eye = _outdoors(rng, "sand", [], hills=4)
    mirror = world.sky
    ripples = textures.fractal(rng, 1.15, 3.0)
    ripple = Texture(np.repeat(ripples[..., None], 3, axis=2))

    def sky(ray: Field) -> Field:
        """Below the horizon the sky again, by waves that grow towards the viewer."""
        below = ray[1] < 0
        turned = ray.copy()
        way = eye.height / np.maximum(-ray[1, below], 1e-3)
        u, v = ray[0, below] * way, ray[2, below] * way
        wave = ripple.look_up(u * 0.25, v * 0.25, way * way * 0.0004)[0]
        turned[1, below] = np.abs(-ray[1, below] + 0.03 * wave) + 1e-3
        colours = mirror(turned)
        depth = np.array([[0.02], [0.06], [0.07]], np.float32)
        share = np.clip(1.05 + ray[1, below] * 2.2, 0.25, 0.95)
        colours[:, below] = colours[:, below] * share + depth * (1 - share)
        return colours

    return replace(world, planes=[], sky=sky), eye


KINDS: dict[str, Callable[[np.random.Generator], tuple[World, Eye]]] = {
    "table": table,
    "meadow": meadow,
    "street": street,
    "poster_wall": poster_wall,
    "beach": beach,
    "lake": lake,
}


def _outdoors(
    rng: np.random.Generator,
    ground: str,
    solids: list[Solid],
    *,
    planes: list[Plane] | None = None,
    low: tuple[float, float] = (0.3, 1.0),
    hills: int = 3,
) -> tuple[World, Eye]:
    sun = towards(_side(rng) * _draw(rng, 0.6, 2.4), _draw(rng, *low))
    warmth = float(np.clip(sun[1, 0] * 1.4, 0.35, 1.0))  # a low sun is a red one
    sunlight = np.array([[1.15], [0.75 + 0.33 * warmth], [0.45 + 0.5 * warmth]], np.float32)
    cover = _draw(rng, -0.6, 1.0)
    air = (0.32 * sunlight + np.array([[0.24], [0.34], [0.45]])).astype(np.float32)
    sky = _sky(rng, sun, sunlight, air, cover=cover, hills=hills)
    blue = np.array([[0.20], [0.27], [0.38]], np.float32) * np.float32(0.8 + 0.5 * (cover > 0.5))
    if planes is None:
        tile = Texture(textures.GROUNDS[ground](rng))
        planes = [Plane((0, 0, 0), Surface(tile, _draw(rng, 0.25, 0.5), endless=True))]
    world = World(planes, solids, sun, sunlight, blue, sky, air, haze=_draw(rng, 1, 6))
    return world, Eye(_draw(rng, 1.4, 1.9), _draw(rng, 0.02, 0.16), _draw(rng, 0.8, 1.05))


def _sky(
    rng: np.random.Generator, sun: Field, sunlight: Field, air: Field, *, cover: float, hills: int
) -> Callable[[Field], Field]:
    """Blue that pales towards the horizon, clouds on a ceiling, ridges behind one another."""
    zenith = np.array([[0.10], [0.24], [0.58]], np.float32) * np.float32(_draw(rng, 0.7, 1.2))
    horizon = air * np.float32(1.1)
    clouds = Texture(np.repeat(textures.fractal(rng, 1.75)[..., None], 3, axis=2))
    shift = rng.random(2)
    ridges = []
    for layer in range(hills):
        line = np.cumsum(rng.standard_normal(512)) / 22
        line = line - np.linspace(line[0], line[-1], 512)
        fine = np.cumsum(rng.standard_normal(512)) / 160
        tone = _draw(rng, 0.6, 1.2) * np.array([[0.05], [0.085], [0.06]])
        ridges.append((0.14 - 0.045 * layer + 0.07 * line + 0.05 * fine, tone, 0.75 - 0.22 * layer))

    def sky(ray: Field) -> Field:
        up = np.clip(ray[1], 0, 1)
        colours = horizon + (zenith - horizon) * np.sqrt(up)
        towards = np.clip((ray * sun).sum(0), 0, 1)
        colours = colours + sunlight * (0.25 * towards**8 + 3.0 * towards**900)
        distance = 1 / (up + 0.06)
        u, v = ray[0] * distance * 0.09 + shift[0], ray[2] * distance * 0.09 + shift[1]
        shape = clouds.look_up(u, v, 0.0006 * distance * distance)[0]
        share = np.clip((shape + cover) * 0.7, 0, 1) * np.clip(up * 9, 0, 1)
        bright = 0.75 * sunlight + 0.25 - 0.22 * np.clip(shape + cover - 1.0, 0, 1.5)
        colours = colours + 0.88 * share * (bright - colours)
        azimuth = (np.arctan2(ray[0], ray[2]) / np.pi + 1) * 256
        for line, tone, veil in ridges:
            crest = np.interp(azimuth, np.arange(512), line)
            inside = np.clip((crest - ray[1]) * 700, 0, 1) * (ray[1] > -0.25)
            shade = tone * (1 + 0.25 * np.clip((crest - ray[1]) * 8, 0, 1))
            low = np.exp(-45 * np.maximum(ray[1], 0))  # mist lies in the valleys
            colours += inside * (shade + (veil + low * (1 - veil)) * (air - shade) - colours)
        return np.asarray(colours, np.float32)

    return sky


def _scattered(
    rng: np.random.Generator, solids: list[Solid], count: tuple[int, int], outdoors: bool = True
) -> list[Solid]:
    """Add things that stand about without touching."""
    wanted = len(solids) + int(rng.integers(*count))
    gap = 1.3 if outdoors else 0.75
    for _ in range(40):  # a full table stays as it is
        new = _standing(rng, outdoors)
        if len(solids) < wanted and all(_distance(new, other) > gap for other in solids):
            solids = [*solids, new]
    return solids


def _standing(rng: np.random.Generator, outdoors: bool) -> Solid:
    """A ball, a crate or a can that stands on the ground, somewhere in view."""
    size = _draw(rng, 0.25, 0.6) if outdoors else _draw(rng, 0.2, 0.42)
    z = _draw(rng, 3.2, 9.0) if outdoors else _draw(rng, 2.6, 3.9)
    x = _draw(rng, -0.42, 0.42) * z
    kind = rng.random()
    if kind < 0.45:
        surface = Surface(Texture(textures.skin(rng)), scale=0.8, gloss=_draw(rng, 0.2, 0.9))
        return Sphere((x, size, z), surface, size)
    if kind < 0.75:
        tile = (textures.wood, textures.fabric, textures.glaze)[int(rng.integers(3))](rng)
        surface = Surface(Texture(tile), scale=_draw(rng, 0.8, 1.4), gloss=0.1)
        half = (size * _draw(rng, 0.6, 1.2), size * _draw(rng, 0.5, 1.1), size)
        return Box((x, half[1], z), surface, half, _draw(rng, 0, np.pi))
    surface = Surface(Texture(textures.glaze(rng)), scale=1.5, gloss=_draw(rng, 0.3, 0.9))
    height = size * _draw(rng, 0.7, 1.4)
    return Cylinder((x, height, z), surface, size * 0.7, height)


def _sign(rng: np.random.Generator) -> list[Solid]:
    """A board on a pole, at the left or the right."""
    z, half = _draw(rng, 4.5, 7), _draw(rng, 0.45, 0.7)
    x = _side(rng) * _draw(rng, 0.2, 0.33) * z
    face = Surface(Texture(textures.sign(rng)), scale=1 / (2 * half))
    steel = Surface(Texture(np.full((8, 8, 3), _draw(rng, 0.15, 0.5), np.float32)), gloss=0.4)
    centre = _draw(rng, 1.5, 2.2)
    board = Box((x, centre, z), face, (half, half, 0.03), _draw(rng, -0.35, 0.35))
    return [board, Cylinder((x, centre / 2, z + 0.09), steel, 0.05, centre / 2)]


def _distance(a: Solid, b: Solid) -> float:
    return float(np.hypot(a.centre[0] - b.centre[0], a.centre[2] - b.centre[2]))


def _draw(rng: np.random.Generator, low: float, high: float) -> float:
    """A Python float: one of NumPy's would make every array that it meets twice as wide."""
    return float(rng.uniform(low, high))


def _side(rng: np.random.Generator) -> int:
    return -1 if rng.random() < 0.5 else 1


def towards(azimuth: float, elevation: float) -> Field:
    """Unit vector (3, 1); azimuth 0 is behind the camera, elevation as a slope."""
    way = np.array([[np.sin(azimuth)], [elevation], [-np.cos(azimuth)]])
    return np.asarray(way / np.linalg.norm(way), np.float32)
