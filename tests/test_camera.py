"""The frugal camera: every pixel as manim's own camera draws it, and what changed named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manim import (
    BLUE,
    DOWN,
    LEFT,
    PI,
    RED,
    RIGHT,
    UP,
    YELLOW,
    ApplyMethod,
    CairoRenderer,
    Camera,
    Circle,
    Create,
    FadeIn,
    FadeOut,
    Group,
    ImageMobject,
    LaggedStart,
    Line,
    Mobject,
    PMobject,
    Polygon,
    ReplacementTransform,
    Rotate,
    Scene,
    Square,
    Star,
    Transform,
    VGroup,
    VMobject,
    tempconfig,
)
from PIL import Image

from attnviz.render.boxes import Box
from attnviz.render.camera import CELL, FrugalCamera, FrugalRenderer
from attnviz.render.encoding import SilentWriter

WIDTH, HEIGHT, FPS = 331, 157, 7
SETTINGS = {
    "pixel_width": WIDTH,
    "pixel_height": HEIGHT,
    "frame_height": 8.0,
    "frame_width": 8.0 * WIDTH / HEIGHT,
    "frame_rate": FPS,
    "format": "none",
    "disable_caching": True,
    "progress_bar": "none",
    "verbosity": "WARNING",
}


class WholeRenderer(CairoRenderer):
    """Manim's, but it draws what stands still once where nothing moves."""

    def update_frame(self, scene: Scene, mobjects: Any = None, *rest: Any, **options: Any) -> None:
        if mobjects is None or mobjects or self.static_image is None:
            super().update_frame(scene, mobjects, *rest, **options)
        else:
            self.camera.set_frame_to_background(self.static_image)


class Keeper(SilentWriter):
    """Keeps all frames."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[np.ndarray, int, Sequence[Box] | None]] = []

    def write_frame(
        self, pixels: np.ndarray, *, repeat: int = 1, changed: Sequence[Box] | None = None
    ) -> None:
        self.frames.append((pixels.copy(), repeat, changed))


def play(construct: Callable[[Scene], None], renderer: type[CairoRenderer], place: Path) -> Keeper:
    """Play a scene, and keep its frames."""
    keeper = Keeper()
    scene_class = type("Made", (Scene,), {"construct": construct})
    with tempconfig({**SETTINGS, "media_dir": str(place)}):
        scene_class(renderer=renderer(file_writer_class=keeper.as_class())).render()
    return keeper


def outside(boxes: Iterable[Box]) -> np.ndarray:
    """Return the pixels that no box has."""
    mask = np.ones((HEIGHT, WIDTH), bool)
    for box in boxes:
        assert mask[box.pixels].all(), "boxes overlap"
        mask[box.pixels] = False
    return mask


def picture(seed: int = 3) -> ImageMobject:
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    return ImageMobject(pixels).set(height=3)


def fades(scene: Scene) -> None:
    shapes = VGroup(*(Star(color=RED, fill_opacity=0.4) for _ in range(5))).arrange(RIGHT)
    scene.play(FadeIn(shapes, shift=UP))
    scene.wait(1)
    scene.play(LaggedStart(*(FadeOut(shape) for shape in shapes), lag_ratio=0.5))
    scene.wait(0.5)


def transforms(scene: Scene) -> None:
    square, circle = Square(fill_opacity=1), Circle(color=BLUE, stroke_width=20).shift(2 * LEFT)
    scene.add(Line(3 * LEFT, 3 * RIGHT), square)
    scene.play(Create(circle), Rotate(square, PI / 3))
    scene.play(ReplacementTransform(square, circle.copy().shift(3 * RIGHT)))
    scene.play(Transform(circle, Star().shift(20 * UP)))  # leaves the frame
    scene.wait(1)


def orders(scene: Scene) -> None:
    one, two, three = (Square(color=hue, fill_opacity=0.8) for hue in (RED, BLUE, YELLOW))
    two.shift(0.5 * RIGHT)
    three.shift(0.5 * DOWN).set_z_index(-1)
    scene.add(one, two, three)
    scene.play(one.animate.shift(UP))
    scene.bring_to_front(one)
    scene.wait(0.5)
    scene.add_foreground_mobject(three.set_z_index(2))
    scene.play(two.animate.shift(LEFT))
    two.set_z_index(5)
    scene.play(FadeOut(one))


def updaters(scene: Scene) -> None:
    square, dot = Square(), Circle(radius=0.3, fill_opacity=0.7)
    dot.add_updater(lambda mobject: mobject.next_to(square, RIGHT))
    scene.add(square, dot)
    scene.play(square.animate.shift(2 * LEFT).rotate(1))
    square.add_updater(lambda mobject, dt: mobject.rotate(dt))
    scene.wait(1)
    square.clear_updaters()
    scene.wait(1)


def images(scene: Scene) -> None:
    image, square = picture(), Square(fill_opacity=0.5).shift(RIGHT)
    scene.play(FadeIn(Group(image, square)))
    scene.play(image.animate.shift(8 * LEFT), square.animate.shift(LEFT))
    scene.play(square.animate.shift(UP))
    image.pixel_array = image.pixel_array[::-1].copy()
    scene.wait(1)
    scene.play(image.animate.rotate(0.4).set_opacity(0.3))


def strangers(scene: Scene) -> None:
    cloud = PMobject(stroke_width=5)
    cloud.add_points(np.random.default_rng(2).normal(size=(90, 3)), color=RED)
    scene.add(Square(fill_opacity=1), cloud)
    scene.play(cloud.animate.shift(RIGHT))
    scene.play(FadeIn(Circle(fill_opacity=0.5)))


def shaded(scene: Scene) -> None:
    square = Square(fill_opacity=1, stroke_width=9).set_color([RED, BLUE])
    square.set_background_stroke(color=YELLOW, width=30)
    inner = Circle(radius=0.2, sheen_factor=0.6, sheen_direction=UP, fill_opacity=1)
    scene.add(square.add(inner))
    scene.play(inner.animate.shift(3 * RIGHT))
    scene.play(square.animate.set_sheen_direction(DOWN))


def backgrounds(scene: Scene) -> None:
    scene.add(square := Square(fill_opacity=0.5))
    scene.play(square.animate.shift(RIGHT))
    scene.camera.background_color = BLUE
    scene.play(square.animate.shift(RIGHT))


@pytest.mark.parametrize(
    "construct",
    [fades, transforms, orders, updaters, images, strangers, shaded, backgrounds],
)
def test_scenes_come_out_as_manims_camera_draws_them(
    construct: Callable[[Scene], None], tmp_path: Path
) -> None:
    whole = play(construct, WholeRenderer, tmp_path).frames
    frugal = play(construct, FrugalRenderer, tmp_path).frames
    assert len(whole) == len(frugal) > FPS
    before = np.full_like(whole[0][0], 7)
    for (wanted, times, _), (found, repeat, changed) in zip(whole, frugal, strict=True):
        assert repeat == times
        np.testing.assert_array_equal(found, wanted)
        assert changed is not None
        np.testing.assert_array_equal(found[outside(changed)], before[outside(changed)])
        before = found


def test_what_stands_still_is_drawn_once_and_named_unchanged(tmp_path: Path) -> None:
    def construct(scene: Scene) -> None:
        scene.add(Square(color=RED, fill_opacity=0.5))
        scene.wait(1)
        scene.wait(1)

    (one, _, changed), (two, _, unchanged) = play(construct, FrugalRenderer, tmp_path).frames
    # Manim lays the translucent square over itself in a wait: 0.75 of its colour and not 0.5.
    with tempconfig({**SETTINGS, "media_dir": str(tmp_path)}):
        (camera := Camera()).capture_mobjects([Square(color=RED, fill_opacity=0.5)])
    np.testing.assert_array_equal(one, camera.pixel_array)
    np.testing.assert_array_equal(two, one)
    assert changed == [Box(0, 0, WIDTH, HEIGHT)]
    assert unchanged == []


def test_what_was_shown_for_no_time_is_still_new(tmp_path: Path) -> None:
    def construct(scene: Scene) -> None:
        scene.wait(1)
        scene.add(Square())
        scene.renderer.update_frame(scene)
        scene.renderer.add_frame(scene.renderer.get_frame(), num_frames=0)
        scene.wait(1)

    (empty, _, _), (found, _, changed) = play(construct, FrugalRenderer, tmp_path).frames
    assert (found != empty).any()
    assert changed is not None
    np.testing.assert_array_equal(found[outside(changed)], empty[outside(changed)])


def test_a_small_change_is_a_small_box(tmp_path: Path) -> None:
    def construct(scene: Scene) -> None:
        dot = Circle(radius=0.1).shift(3 * LEFT)
        scene.add(dot, *(Square() for _ in range(3)))
        scene.play(dot.animate.shift(0.1 * UP))

    *_, (_, _, changed) = play(construct, FrugalRenderer, tmp_path).frames
    assert changed
    assert (~outside(changed)).sum() <= 4 * CELL**2


# What may happen to a mobject between two frames.
ACTIONS: dict[str, Callable[[Mobject, float], object]] = {
    "nothing": lambda mobject, amount: None,
    "shift": lambda mobject, amount: mobject.shift(amount * RIGHT + amount**2 * UP),
    "scale": lambda mobject, amount: mobject.scale(1 + amount / 4),
    "rotate": lambda mobject, amount: mobject.rotate(amount),
    "fill": lambda mobject, amount: mobject.set_fill(BLUE, abs(amount) / 3),
    "stroke": lambda mobject, amount: mobject.set_stroke(YELLOW, 9 * abs(amount), 0.5),
    "z": lambda mobject, amount: mobject.set_z_index(round(amount)),
    "grow": lambda mobject, amount: mobject.add(Star().shift(amount * LEFT)),
    "empty": lambda mobject, amount: mobject.clear_points(),
    "infinite": lambda mobject, amount: mobject.points.__setitem__((0, 0), np.inf),
}


def shapes() -> list[VMobject]:
    ring = Circle(stroke_width=12, fill_opacity=0.5)
    open_line = VMobject().set_points_as_corners([LEFT, UP, RIGHT, DOWN, LEFT + UP])
    holed = Square(fill_opacity=1).append_points(Circle(radius=0.5).reverse_direction().points)
    return [ring, open_line, Polygon(UP, LEFT, 4 * RIGHT, fill_opacity=1), holed]


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 3), st.sampled_from(sorted(ACTIONS)), st.floats(-3, 3, width=32)
            ),
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_happens_the_frame_is_that_of_a_whole_drawing(
    frames: list[list[tuple[int, str, float]]], chance: Any
) -> None:
    with tempconfig(SETTINGS):
        whole, frugal, mobjects = Camera(), FrugalCamera(), shapes()
        before = frugal.pixel_array.copy()
        for actions in frames:
            for index, action, amount in actions:
                points = mobjects[index].points
                # Manim itself cannot move what has no points or what is nowhere.
                if len(points) and np.isfinite(points).all():
                    ACTIONS[action](mobjects[index], amount)
            shown = chance.sample(mobjects, chance.randint(0, len(mobjects)))
            whole.reset().capture_mobjects(shown)
            frugal.show(frugal.drawings(shown))
            np.testing.assert_array_equal(frugal.pixel_array, whole.pixel_array)
            same = outside(frugal.take_changed())
            np.testing.assert_array_equal(frugal.pixel_array[same], before[same])
            before = frugal.pixel_array.copy()


def test_a_shape_that_an_image_begins_to_show_through(tmp_path: Path) -> None:
    image = str(tmp_path / "image.png")
    Image.fromarray(picture().pixel_array).save(image)
    with tempconfig(SETTINGS):
        whole, frugal, square = Camera(), FrugalCamera(), Square(fill_opacity=1)
        frugal.show(frugal.drawings([square]))
        square.color_using_background_image(image)
        frugal.show(frugal.drawings([square]))
        whole.capture_mobjects([square])
        np.testing.assert_array_equal(frugal.pixel_array, whole.pixel_array)


def test_what_others_draw_on_the_frame_is_drawn_over() -> None:
    with tempconfig(SETTINGS):
        whole, frugal, square = Camera(), FrugalCamera(), Square(fill_opacity=1)
        frugal.show(frugal.drawings([square]))
        frugal.capture_mobjects([Circle(fill_opacity=1, color=RED).shift(2 * LEFT)])
        frugal.show(frugal.drawings([square]))
        whole.capture_mobjects([square])
        np.testing.assert_array_equal(frugal.pixel_array, whole.pixel_array)


def test_a_skipped_animation_is_not_drawn(tmp_path: Path) -> None:
    drawn: list[Mobject] = []

    class Watched(Square):
        def get_fill_rgbas(self) -> Any:
            drawn.append(self)
            return super().get_fill_rgbas()

    def construct(scene: Scene) -> None:
        scene.renderer._original_skipping_status = True
        scene.add(square := Watched())
        drawn.clear()
        scene.play(ApplyMethod(square.shift, UP))

    keeper = play(construct, FrugalRenderer, tmp_path)
    assert not keeper.frames
    assert not drawn
