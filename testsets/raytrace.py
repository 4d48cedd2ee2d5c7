"""A small ray tracer: solids on a ground, one light, a sky. Vectors are (3, N) float32.

The camera looks along +z. Light is linear and relative: a white
surface that faces the sun comes to about 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from testsets.solids import Plane, Solid, dot
from testsets.textures import Field

NEAR = 1e-3  # metres in front of a surface: a shadow ray must not meet the surface it starts from
BATCH = 1 << 15  # rays at a time: their arrays stay in the processor's cache
BRIGHTEST = 40.0  # of the glints' exponent range: sharper ones alias


@dataclass(frozen=True)
class World:
    """All that is in a scene.

    Attributes:
        planes: ground and wall; they cast no shadow.
        solids: what stands about; numbered from 1 in `Plate.objects`.
        sun: unit vector towards the light.
        sunlight, skylight: their colours.
        sky: from rays (3, N) to colours (3, N).
        air: colour that distance fades to.
        haze: how soon, per kilometre; 0 indoors.
        softness: tangent of the light's half angle; 0 gives a sharp shadow.
    """

    planes: Sequence[Plane]
    solids: Sequence[Solid]
    sun: Field
    sunlight: Field
    skylight: Field
    sky: Callable[[Field], Field]
    air: Field
    haze: float = 0.0
    softness: float = 0.0


@dataclass(frozen=True)
class Eye:
    """Where the camera is; angles in radians, `pitch` positive downwards."""

    height: float
    pitch: float
    field_of_view: float = field(default=0.9)


def trace(world: World, eye: Eye, side: int) -> tuple[Field, NDArray[np.uint8]]:
    """Light (side, side, 3) and what is seen (side, side): 0 sky or plane, else solid's number."""
    light = np.empty((side * side, 3), np.float32)
    seen = np.empty(side * side, np.uint8)
    ray = _rays(eye, side)
    for first in range(0, side * side, BATCH):
        batch = slice(first, first + BATCH)
        colours, seen[batch] = _trace(world, eye, ray[:, batch], side)
        light[batch] = colours.T
    return light.reshape(side, side, 3), seen.reshape(side, side)


def _trace(world: World, eye: Eye, ray: Field, side: int) -> tuple[Field, NDArray[np.uint8]]:
    origin = np.array([[0], [eye.height], [0]], np.float32)
    everything = [*world.planes, *world.solids]
    nearest = np.full(ray.shape[1], np.inf, np.float32)
    seen = np.full(ray.shape[1], -1, np.int16)
    for number, solid in enumerate(everything):
        distance = solid.hit(origin, ray)
        closer = distance < nearest
        nearest[closer], seen[closer] = distance[closer], number
    light = np.empty_like(ray)
    empty = np.flatnonzero(seen < 0)
    if empty.size:
        light[:, empty] = world.sky(ray[:, empty])
    pixel = 2 * np.tan(eye.field_of_view / 2) / side  # radians, about
    for number, solid in enumerate(everything):
        here = np.flatnonzero(seen == number)
        if here.size:
            way, distance = ray[:, here], nearest[here]
            colours = _shade(world, solid, origin + way * distance, way, distance * pixel)
            veil = 1 - np.exp(-world.haze * distance / 1000)
            light[:, here] = colours + veil * (world.air - colours)
    return light, np.maximum(seen - len(world.planes) + 1, 0).astype(np.uint8)


def _rays(eye: Eye, side: int) -> Field:
    reach = np.tan(eye.field_of_view / 2)
    steps = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1) * np.float32(reach)
    x, y = np.meshgrid(steps, -steps)
    cos, sin = np.float32(np.cos(eye.pitch)), np.float32(np.sin(eye.pitch))
    ray = np.stack([x, y * cos - sin, y * sin + cos]).reshape(3, -1).astype(np.float32)
    return np.asarray(ray / np.sqrt(dot(ray, ray)), np.float32)


def _shade(world: World, solid: Solid, point: Field, ray: Field, width: Field) -> Field:
    """Colours (3, N) of points on a solid, seen along rays by pixels `width` (N,) metres wide."""
    normal, u, v = solid.at(point)
    facing = np.maximum(-dot(normal, ray), 0.02)
    footprint = np.asarray(width * solid.surface.scale / np.sqrt(facing), np.float32)
    albedo = solid.surface.colours(u, v, footprint)
    others = [other for other in world.solids if other is not solid]
    start = np.asarray(point + normal * NEAR, np.float32)
    lit = _sunlight(world, others, start) * np.maximum(dot(normal, world.sun), 0)
    open_sky = (0.65 + 0.35 * normal[1]) * _openness(others, point, normal)
    if not isinstance(solid, Plane):  # the ground hides half the sky from whatever stands on it
        open_sky *= np.clip(0.55 + point[1] / (2 * solid.reach() + 1e-3), 0, 1)
    colours = albedo * (world.sunlight * lit + world.skylight * open_sky)
    if solid.surface.gloss:
        mirrored = np.asarray(ray + 2 * facing * normal, np.float32)
        fresnel = solid.surface.gloss * (0.04 + 0.5 * (1 - facing) ** 5)
        glint = np.maximum(dot(mirrored, world.sun), 0) ** (BRIGHTEST * solid.surface.gloss)
        colours += fresnel * world.sky(mirrored) * open_sky
        colours += 0.35 * solid.surface.gloss * glint * (lit > 0) * world.sunlight
    return np.asarray(colours, np.float32)


def _sunlight(world: World, others: Sequence[Solid], start: Field) -> Field:
    """Share (N,) of the light that reaches points; a wide light is five narrow ones."""
    sun = world.sun[:, 0]
    aside = np.cross(sun, (0.0, 1.0, 0.0) if abs(sun[1]) < 0.9 else (1.0, 0.0, 0.0))
    aside /= np.linalg.norm(aside)
    above = np.cross(sun, aside)
    offsets = [(0.0, 0.0)]
    if world.softness:
        turns = 2 * np.pi * np.arange(1, 6) * 0.382  # golden angle: no two in a line
        radii = (0.3, 0.5, 0.7, 0.9, 1.0)
        offsets = [(np.cos(a) * r, np.sin(a) * r) for a, r in zip(turns, radii, strict=True)]
    reached = np.zeros(start.shape[1], np.float32)
    for x, y in offsets:
        shifted = world.sun[:, 0] + world.softness * (x * aside + y * above)
        way = np.asarray((shifted / np.linalg.norm(shifted))[:, None], np.float32)
        free = np.ones(start.shape[1], bool)
        for other in others:
            free &= ~np.isfinite(other.hit(start, way))
        reached += free
    return np.asarray(reached / len(offsets), np.float32)


def _openness(others: Sequence[Solid], point: Field, normal: Field) -> Field:
    """Share (N,) of the sky that neighbours leave, each taken for a sphere."""
    share = np.ones(point.shape[1], np.float32)
    for other in others:
        way = np.array(other.centre, np.float32)[:, None] - point
        square = np.maximum(dot(way, way), 1e-6)
        rise = np.maximum(dot(normal, way) / np.sqrt(square), 0)
        share *= 1 - np.minimum(0.8 * rise * other.reach() ** 2 / square, 0.85)
    return share
