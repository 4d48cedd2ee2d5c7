from __future__ import annotations

import numpy as np
import pytest

from testsets.raytrace import Eye, World, trace
from testsets.solids import Box, Cylinder, Plane, Solid, Sphere, Surface
from testsets.textures import Field, Texture

WHITE = Surface(Texture(np.ones((8, 8, 3), np.float32)))
ORIGIN = np.array([[0], [1], [0]], np.float32)
AHEAD = np.array([[0, 0], [0, 1], [1, 0]], np.float32)  # one ray forward, one upward


@pytest.mark.parametrize(
    "solid",
    [
        Sphere((0, 1, 5), WHITE, 1.0),
        Box((0, 1, 5), WHITE, (1, 1, 1)),
        Cylinder((0, 1, 5), WHITE, 1.0, 2.0),
        Plane((0, 0, 4), WHITE, upright=True),
    ],
)
def test_rays_hit_the_front(solid: Solid) -> None:
    distance = solid.hit(ORIGIN, AHEAD)
    assert distance[0] == pytest.approx(4, abs=1e-4)
    assert np.isinf(distance[1])
    normal, _, _ = solid.at(ORIGIN + AHEAD[:, :1] * distance[0])
    assert normal[:, 0] == pytest.approx([0, 0, -1], abs=1e-4)


def test_a_turned_box_shows_its_edge() -> None:
    box = Box((0, 1, 5), WHITE, (1, 1, 1), np.pi / 4)
    assert box.hit(ORIGIN, AHEAD)[0] == pytest.approx(5 - np.sqrt(2), abs=1e-3)


def test_a_cylinder_has_a_lid() -> None:
    down = np.array([[0], [-0.6], [0.8]], np.float32)
    cylinder = Cylinder((0, 0, 4), WHITE, 1.0, 0.25)
    above = np.array([[0], [3.25], [0]], np.float32)
    distance = cylinder.hit(above, down)
    normal, _, _ = cylinder.at(above + down * distance)
    assert distance[0] == pytest.approx(5, abs=1e-3)
    assert normal[:, 0] == pytest.approx([0, 1, 0])


def world(*solids: Solid, softness: float = 0.0) -> World:
    def sky(ray: Field) -> Field:
        return np.full_like(ray, 0.5)

    up = np.array([[0], [1], [0]], np.float32)
    light = np.ones((3, 1), np.float32)
    ground = Plane((0, 0, 0), WHITE)
    return World([ground], solids, up, light, 0.1 * light, sky, light, softness=softness)


def test_a_scene_has_sky_ground_object_and_shadow() -> None:
    ball = Sphere((0, 1.5, 6), WHITE, 0.5)
    light, objects = trace(world(ball), Eye(1.5, 0.0, 0.9), 64)
    assert light.shape == (64, 64, 3)
    assert np.all(light[0] == 0.5)
    assert objects[32, 32] == 1
    assert set(np.unique(objects)) == {0, 1}
    below = light[40:, 32, 0]  # along the ground towards the viewer: the shadow, then the sun
    assert below.min() < 0.2
    assert below[-1] > 1


def test_a_wide_light_has_a_soft_shadow() -> None:
    ball = Sphere((0, 1.5, 6), WHITE, 0.5)
    sharp, _ = trace(world(ball), Eye(1.5, 0.0, 0.9), 96)
    soft, _ = trace(world(ball, softness=0.2), Eye(1.5, 0.0, 0.9), 96)
    assert len(np.unique(soft[60:].round(2))) > len(np.unique(sharp[60:].round(2)))
