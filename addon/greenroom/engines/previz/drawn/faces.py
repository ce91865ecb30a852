# SPDX-License-Identifier: Apache-2.0
"""Faces of the drawn actors: the canonical mesh shaped into somebody, lit, and painted with eyes, brows, nose, lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.engines.previz.drawn.canvas import Canvas, Colour, by, closed_curve, open_curve
from greenroom.engines.previz.puppet.expression import smoothstep
from greenroom.engines.previz.puppet.handles import LEFT_LID, RIGHT_LID
from greenroom.perception import mesh

__all__ = ["Features", "light", "paint_face", "shaped"]

Floats = NDArray[np.float32]
Vectors = NDArray[np.float64]

_KEY = np.array([-0.46, -0.44, -0.77])  # towards the light: from the upper left, before the face
_FILL = np.array([0.75, -0.10, -0.65])
_BRIGHT = 196.0  # from here on highlights roll off instead of burning out
_GREY_BEARD = 0.85  # age from which a beard has all the grey that it gets
_LOWER_BACKWARDS = mesh.LIPS_OUTER_LOWER[::-1]
_WRAP = np.array([0.26, 0.32, 0.46])  # BGR: red light travels furthest under skin, so shadows start warm


@dataclass(frozen=True)
class Features:
    """What makes a face somebody's. Sizes are factors of the canonical face unless they say cm; colours are BGR."""

    skin: Colour
    iris: Colour
    brow: Colour
    lips: Colour
    width: float = 0.93
    jaw: float = 1.0
    cheeks: float = 1.0
    temples: float = 1.0
    chin: float = 1.0  # length below the nose
    pointed: float = 0.0  # how much narrower the chin's tip is
    forehead: float = 1.0
    nose_width: float = 1.0
    nose_length: float = 0.0  # cm
    lip_width: float = 1.0
    lip_fullness: float = 0.0  # cm
    smile: float = 0.10  # cm that the corners of the mouth are up
    eye_size: float = 1.22
    eye_opening: float = 0.26  # cm
    eye_apart: float = 0.0  # cm
    eye_tilt: float = 0.0  # cm that the outer corner is up
    brow_height: float = 0.0  # cm up
    brow_arch: float = 0.0  # cm
    brow_width: float = 0.42  # cm
    lashes: float = 0.12  # cm
    freckles: int = 0
    stubble: float = 0.0
    age: float = 0.0  # 0 to 1: lines, folds
    seed: int = 1


def shaped(features: Features) -> Vectors:
    """The mesh (468, 3) of this face, in cm, y down, z away."""
    f, points = features, mesh.canonical().vertices.copy()
    y = points[:, 1].copy()
    points[:, 0] *= f.width * (1 + (f.jaw - 1) * smoothstep(1, 7.5, y)) * (1 - f.pointed * smoothstep(6, 9.6, y))
    points[:, 0] *= 1 + (f.cheeks - 1) * np.exp(-(((y - 1.2) / 2.8) ** 2))
    points[:, 0] *= 1 + (f.temples - 1) * smoothstep(1, 6, -y)
    _shape_nose(points, f)
    _shape_mouth(points, f)
    below = points[:, 1] > 2.2
    points[below, 1] = 2.2 + (points[below, 1] - 2.2) * f.chin
    above = points[:, 1] < -4.6
    points[above, 1] = -4.6 + (points[above, 1] + 4.6) * f.forehead
    _shape_eyes(points, f)
    return points


def _shape_nose(points: Vectors, f: Features) -> None:
    x, y = points[:, 0].copy(), points[:, 1].copy()
    wing = np.exp(-((x / 2.3) ** 4)) * smoothstep(-0.6, 0.8, y) * (1 - smoothstep(2.0, 2.9, y))
    points[:, 0] *= 1 + (f.nose_width - 1) * wing
    points[:, 1] += f.nose_length * np.exp(-((x / 2.2) ** 2) - ((y - 1.3) / 1.3) ** 2)


def _shape_mouth(points: Vectors, f: Features) -> None:
    x, y = points[:, 0].copy(), points[:, 1].copy()
    near = np.exp(-((x / 3.4) ** 4) - ((y - 4.4) / 1.5) ** 2)
    points[:, 0] *= 1 + (f.lip_width - 1) * near
    upper, lower = list(mesh.LIPS_INNER_UPPER), list(mesh.LIPS_INNER_LOWER)
    meeting = (points[upper, 1] + points[lower, 1]) / 2
    points[upper, 1] = points[lower, 1] = meeting  # the canonical lips stand a little apart
    middle = 1 - np.abs(np.linspace(-1, 1, len(upper))) ** 2
    narrowing = np.array([0, 0.42, 0.72, 0.95, 1, 1, 1, 0.95, 0.72, 0.42, 0])  # lips run out towards the corners
    for row in (mesh.LIPS_OUTER_UPPER, mesh.LIPS_OUTER_LOWER):
        points[list(row), 1] = meeting + narrowing * (points[list(row), 1] - meeting)
    points[list(mesh.LIPS_OUTER_UPPER), 1] -= f.lip_fullness * 0.8 * middle
    points[list(mesh.LIPS_OUTER_LOWER), 1] += f.lip_fullness * middle
    points[:, 1] -= f.smile * np.exp(-(((np.abs(x) - 2.5) / 1.1) ** 2) - ((y - 4.4) / 1.0) ** 2)


def _shape_eyes(points: Vectors, f: Features) -> None:
    eyes = (
        (mesh.RIGHT_EYE_UPPER, mesh.RIGHT_EYE_LOWER, RIGHT_LID, mesh.RIGHT_BROW, -1),
        (mesh.LEFT_EYE_UPPER, mesh.LEFT_EYE_LOWER, LEFT_LID, mesh.LEFT_BROW, 1),
    )
    for upper, lower, lid, brow, side in eyes:
        arc = 1 - np.abs(np.linspace(-1, 1, len(upper))) ** 2.2
        points[list(upper), 1] -= 0.78 * f.eye_opening * arc
        points[list(lower), 1] += 0.22 * f.eye_opening * arc
        ring = sorted({*upper, *lower, *lid})
        centre = points[ring].mean(0)
        points[ring, :2] = centre[:2] + (points[ring, :2] - centre[:2]) * [f.eye_size, f.eye_size * 1.06]
        points[ring, 0] += side * f.eye_apart
        points[ring, 1] -= f.eye_tilt * side * (points[ring, 0] - centre[0]) / 1.5
        points[list(brow), 1] -= f.brow_height
        points[list(brow), 1] -= f.brow_arch * np.tile([0.1, 0.8, 1.0, 0.5, -0.2], 2)


def light(normals: Floats) -> tuple[Floats, Floats]:
    """Colour of the light (h, w, 3) that skin with `normals` sends back, and its gloss (h, w)."""
    key = _KEY / np.linalg.norm(_KEY)
    fill = _FILL / np.linalg.norm(_FILL)
    towards = (normals @ key.astype(np.float32))[..., None]
    lit = np.clip((towards + _WRAP) / (1 + _WRAP), 0, 1) ** 1.15
    side = np.clip(normals @ fill.astype(np.float32), 0, 1)[..., None] * np.array([0.20, 0.165, 0.15])
    sky = np.clip(0.5 - 0.5 * normals[..., 1:2], 0, 1) * np.array([0.17, 0.15, 0.14])
    ambient = np.array([0.27, 0.27, 0.30])
    half = key + np.array([0, 0, -1.0])
    facing = np.clip(normals @ (half / np.linalg.norm(half)).astype(np.float32), 0, 1)
    gloss = 0.07 * facing**9 + 0.13 * facing**46
    return (ambient + 0.74 * lit + side + sky).astype(np.float32), gloss.astype(np.float32)


def paint_face(canvas: Canvas, points: Vectors, features: Features) -> None:
    """The whole face, without ears and hair."""
    random = np.random.default_rng(features.seed)
    oval = closed_curve(points[list(mesh.FACE_OVAL), :2], 200)
    where = canvas.around(oval, 0.6)
    colour, gloss = light(_normals(canvas, points, where))
    _paint_skin(canvas, points, features, where, oval, colour, gloss, random)
    _paint_nose(canvas, points, features)
    for side in (-1, 1):
        _paint_eye(canvas, points, features, side)
        _paint_brow(canvas, points, features, side, random)
    _paint_lips(canvas, points, features)
    _paint_age(canvas, points, features)


def _normals(canvas: Canvas, points: Vectors, where: tuple[slice, slice]) -> Floats:
    """Smooth unit normals (h, w, 3) of the face over `where`: each vertex's, interpolated over its triangles."""
    triangles = mesh.canonical().triangles
    sides = points[triangles]
    flat = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    vertex = np.zeros_like(points)
    for corner in range(3):
        np.add.at(vertex, triangles[:, corner], flat)
    vertex *= -np.sign(vertex[:, 2:3] + 1e-9)  # all towards the camera
    vertex /= np.linalg.norm(vertex, axis=1, keepdims=True) + 1e-9
    pixels = canvas.to_pixels(points) - [where[1].start, where[0].start]
    owner = np.zeros((where[0].stop - where[0].start, where[1].stop - where[1].start), np.int32)
    for k in np.argsort(-sides[:, :, 2].mean(1)).tolist():
        cv2.fillConvexPoly(owner, np.round(pixels[triangles[k]] * 16).astype(np.int32), k + 1, cv2.LINE_8, 4)
    corners = np.concatenate([pixels[triangles], np.ones((len(triangles), 3, 1))], 2)
    corners[np.abs(np.linalg.det(corners)) < 1e-6] = np.eye(3)
    table = np.linalg.solve(corners, vertex[triangles])  # (x, y, 1) -> normal
    table = np.concatenate([np.zeros((1, 3, 3)), table]).astype(np.float32)[owner]
    y, x = np.mgrid[: owner.shape[0], : owner.shape[1]].astype(np.float32)
    normals = table[..., 0, :] * x[..., None] + table[..., 1, :] * y[..., None] + table[..., 2, :]
    return _spread_out(normals, owner > 0, canvas.density)


def _spread_out(normals: Floats, known: NDArray[np.bool_], density: float) -> Floats:
    """Softened (0.28 cm: flesh over the mesh's edges), and carried on past the outline."""
    soft = np.zeros_like(normals)
    for sigma, share in ((0.26, 0.65), (0.7, 0.35)):
        weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma * density)[..., None]
        soft += share * cv2.GaussianBlur(normals * known[..., None], (0, 0), sigma * density) / (weight + 1e-3)
    soft /= np.linalg.norm(soft, axis=2, keepdims=True) + 1e-6
    return np.asarray(soft, np.float32)


def _paint_skin(
    canvas: Canvas,
    points: Vectors,
    f: Features,
    where: tuple[slice, slice],
    oval: Vectors,
    colour: Floats,
    gloss: Floats,
    random: np.random.Generator,
) -> None:
    skin = np.asarray(f.skin, np.float32) * colour
    grain = cv2.GaussianBlur(random.standard_normal(gloss.shape).astype(np.float32), (0, 0), 0.05 * canvas.density)
    mottle = cv2.GaussianBlur(random.standard_normal(gloss.shape).astype(np.float32), (0, 0), 0.35 * canvas.density)
    skin *= (1 + 0.011 * grain / (grain.std() + 1e-6) + 0.008 * mottle / (mottle.std() + 1e-6))[..., None]
    skin += gloss[..., None] * np.array([190, 205, 215], np.float32)
    peak = skin.max(2, keepdims=True)
    rolled = 255 - (255 - _BRIGHT) * np.exp((_BRIGHT - peak) / (255 - _BRIGHT))
    skin *= np.where(peak > _BRIGHT, rolled / peak, 1)  # all channels alike: the hue stays
    mask = canvas.mask(oval, 0.05, where)[..., None]
    part = canvas.pixels[where]
    part += mask * (skin - part)
    warm = np.array([-0.085, -0.065, 0.015])
    for vertex in (50, 280):
        canvas.glow(points[vertex, :2] + by(0, 0.2), (2.0, 1.5), warm)
    canvas.glow(points[4], (1.3, 1.0), warm * 0.7)
    canvas.glow(points[199], (1.6, 0.9), warm * 0.5)
    if f.stubble:
        _paint_stubble(canvas, points, f, random)
    if f.freckles:
        _paint_freckles(canvas, points, f, random)


def _paint_freckles(canvas: Canvas, points: Vectors, f: Features, random: np.random.Generator) -> None:
    for _ in range(f.freckles):
        x = float(random.normal(0, 2.9))
        y = float(random.normal(0.4, 0.75)) - 0.05 * abs(x)
        if abs(x) < 6:
            size = 0.045 + 0.05 * float(random.random())
            canvas.glow((x, y), (size, size), np.array([-0.16, -0.12, -0.06]) * (0.5 + random.random()))


def _paint_stubble(canvas: Canvas, points: Vectors, f: Features, random: np.random.Generator) -> None:
    """A short beard along jaw, chin and upper lip, thin towards the cheeks: a shadow first, then the hairs."""
    oval = closed_curve(points[list(mesh.FACE_OVAL), :2] * [0.995, 1.0], 160)
    where = canvas.around(oval, 0.2)
    x, y = canvas.grid(where)
    cover = _beard(points, x, y) * canvas.mask(oval, 0.10, where)
    lips = np.concatenate([open_curve(points[list(row), :2]) for row in (mesh.LIPS_OUTER_UPPER, _LOWER_BACKWARDS)])
    cover *= 1 - canvas.mask(lips * [1.02, 1.0], 0.10, where)
    canvas.pixels[where] *= 1 - 0.42 * f.stubble * cover[..., None] * np.array([0.86, 0.97, 1.0], np.float32)
    paths, colours = [], []
    spots = random.uniform((-7.4, 0.0), (7.4, float(points[152, 1]) + 0.2), (24000, 2))
    rows, columns = cover.shape
    for spot in spots:
        column, row = (canvas.to_pixels(spot) - by(where[1].start, where[0].start)).astype(int)
        if not (0 <= column < columns and 0 <= row < rows) or random.random() > cover[row, column]:
            continue
        down = by(0.10 * float(np.clip(spot[0] / 3, -1, 1)) + random.normal(0, 0.05), 0.22)
        paths.append(np.stack([spot, spot + down * (0.6 + 0.7 * random.random())]))
        grey = random.random() < min(1.0, f.age / _GREY_BEARD) * (0.34 + 0.22 * (abs(spot[0]) < 2))
        colours.append(np.array([150, 154, 158.0]) if grey else np.asarray(f.brow, float) * 0.8)
    canvas.strands(paths, colours, 0.034, 0.55 * f.stubble)


def _beard(points: Vectors, x: Floats, y: Floats) -> Floats:
    """How thick a beard grows at (x, y), 0 to 1: sideburns to jaw and chin, and a moustache."""
    mouth, side = float(points[13, 1]), np.abs(x)
    line = np.interp(
        side, [0, 1.6, 2.9, 4.4, 5.8, 6.6, 7.4], np.array([-1.9, -1.75, -0.5, 0.2, -1.3, -4.2, -5.5]) + mouth
    )
    thick = smoothstep(-0.3, 0.9, y - line)
    bare = np.exp(-((side / 0.5) ** 2) - ((y - mouth + 0.9) / 0.35) ** 2)  # the groove under the nose
    patch = np.exp(-(((side - 1.2) / 0.7) ** 2) - ((y - mouth - 1.35) / 0.5) ** 2)
    return np.asarray(np.clip(thick - 0.55 * bare - 0.5 * patch, 0, 1), np.float32)


def _paint_nose(canvas: Canvas, points: Vectors, f: Features) -> None:
    for vertex, side in ((98, -1), (327, 1)):
        nostril = points[vertex, :2] + by(-0.22 * side * f.nose_width, 0.02)
        canvas.glow(nostril, (0.40 * f.nose_width, 0.17), (-0.72, -0.68, -0.52), 1.5)
        wing = points[48 if side < 0 else 278, :2]
        canvas.glow(wing + by(0.42 * side * f.nose_width, 0.25), (0.22, 0.62), (-0.16, -0.15, -0.10))
    canvas.glow(points[2, :2] + by(0, 0.18), (1.25, 0.30), (-0.22, -0.20, -0.14))
    canvas.lighten(points[4, :2] + by(-0.18, -0.12), (0.34, 0.30), (14, 17, 18))
    canvas.lighten(points[6, :2] + by(-0.15, 1.2), (0.22, 1.5), (5, 6, 7))
    canvas.glow(points[164, :2] + by(0, 0.1), (0.22, 0.45), (-0.07, -0.07, -0.05))  # the groove above the lip


def _paint_eye(canvas: Canvas, points: Vectors, f: Features, side: int) -> None:
    upper = list(mesh.RIGHT_EYE_UPPER if side < 0 else mesh.LEFT_EYE_UPPER)
    lower = list(mesh.RIGHT_EYE_LOWER if side < 0 else mesh.LEFT_EYE_LOWER)
    top, bottom = points[upper, :2], points[lower, :2]
    centre = (top.mean(0) + bottom.mean(0)) / 2
    width = float(np.ptp(top[:, 0]))
    canvas.glow(centre + by(0, -0.30), (width * 0.74, 0.95), (-0.20, -0.18, -0.12))  # socket
    canvas.glow(centre + by(-0.95 * side, -0.2), (0.55, 0.8), (-0.13, -0.12, -0.08))  # towards the nose
    canvas.lighten(centre + by(0.1 * side, -0.78), (width * 0.42, 0.20), (8, 10, 11))  # lid
    canvas.glow(centre + by(0, 1.0), (width * 0.5, 0.22), (-0.07 - 0.12 * f.age,) * 3)  # under the eye
    outline = closed_curve(np.concatenate([top, bottom[-2:0:-1]]), 90)
    _paint_eyeball(canvas, outline, top, centre, width, f)
    _paint_lids(canvas, top, bottom, f, side)


def _paint_eyeball(canvas: Canvas, outline: Vectors, top: Vectors, centre: Vectors, width: float, f: Features) -> None:
    where = canvas.around(outline, 0.3)
    x, y = canvas.grid(where)
    radius = 0.232 * width
    middle = centre + by(0, -0.05)
    away = np.hypot(x - middle[0], y - middle[1])
    edge = 1.4 / canvas.density
    white = np.clip(1 - 0.30 * np.abs(x - centre[0]) / (width * 0.5), 0.6, 1) * np.ones_like(y)
    eye = white[..., None] * np.array([220, 224, 230], np.float32)
    angle = np.arctan2(y - middle[1], x - middle[0])
    fibre = 0.80 + 0.34 * np.clip(away / radius, 0, 1) + 0.10 * np.sin(angle * 29) + 0.06 * np.sin(angle * 13 + 1)
    below = 1 + 0.28 * np.clip((y - middle[1]) / radius, -1, 1)  # light gathers opposite to where it enters
    iris = np.asarray(f.iris, np.float32) * (fibre * below)[..., None]
    iris *= 1 - 0.55 * smoothstep(0.80, 1.0, away / radius)[..., None]
    for disc, paint in ((radius, iris), (radius * 0.43, np.array([12, 11, 12], np.float32))):
        cover = np.clip((disc - away) / (2.2 * edge) + 0.5, 0, 1)[..., None]
        eye = eye * (1 - cover) + paint * cover
    line = np.interp(x, top[:, 0], top[:, 1])
    eye *= (1 - 0.52 * np.exp(-np.clip(y - line, 0, None) / 0.20))[..., None]  # the upper lid's shadow
    for at, size, bright in (((-0.32, -0.34), 0.24, 0.96), ((0.34, 0.36), 0.13, 0.30)):
        spot = np.hypot(x - middle[0] - at[0] * radius, y - middle[1] - at[1] * radius)
        glint = bright * np.clip((radius * size - spot) / (2 * edge) + 0.5, 0, 1)[..., None]
        eye = eye * (1 - glint) + 250 * glint
    mask = canvas.mask(outline, 0.025, where)[..., None]
    part = canvas.pixels[where]
    part += mask * (eye.astype(np.float32) - part)


def _paint_lids(canvas: Canvas, top: Vectors, bottom: Vectors, f: Features, side: int) -> None:
    skin = np.asarray(f.skin, float)
    outer_first = side < 0
    taper = np.array([1.0, 1.0, 0.9, 0.7, 0.45]) if outer_first else np.array([0.45, 0.7, 0.9, 1.0, 1.0])
    canvas.line(bottom[1:-1], [0.05, 0.07, 0.05], skin * [0.50, 0.48, 0.58], 0.03, 0.75)
    canvas.line(bottom[1:-1] + by(0, 0.05), 0.05, np.minimum(skin * [1.0, 1.0, 1.08], 255), 0.03, 0.35)  # wet rim
    canvas.line(top, f.lashes * taper, (24, 22, 28), 0.022, 0.96)
    crease = top + np.stack([0 * top[:, 0], -0.40 * np.sin(np.linspace(0.25, np.pi - 0.25, len(top)))], 1)
    canvas.line(crease[1:-1], [0.03, 0.07, 0.03], skin * [0.48, 0.48, 0.58], 0.04, 0.8)
    outer = top[0] if outer_first else top[-1]
    canvas.line([outer, outer + by(0.16 * side, -0.08)], [f.lashes * 0.9, 0.02], (24, 22, 28), 0.022, 0.9)
    inner = top[-1] if outer_first else top[0]
    canvas.glow(inner - by(0.10 * -side, 0), (0.12, 0.10), (-0.10, -0.10, 0.05))


def _paint_brow(canvas: Canvas, points: Vectors, f: Features, side: int, random: np.random.Generator) -> None:
    rows = mesh.RIGHT_BROW if side < 0 else mesh.LEFT_BROW
    middle = (points[list(rows[:5]), :2] + points[list(rows[5:]), :2]) / 2  # from the outer end to the nose
    thick = f.brow_width * np.array([0.15, 0.55, 0.85, 1.0, 0.75])
    canvas.line(middle, thick, np.asarray(f.brow, float) * 1.05, 0.09, 0.55)
    from_path = np.linspace(0, 1, 5)
    paths, colours = [], []
    for place in random.random(520):
        at = np.array([np.interp(place, from_path, middle[:, k]) for k in range(2)])
        width = float(np.interp(place, from_path, thick))
        at += [random.normal(0, 0.05), random.normal(0, 0.24) * width]
        lean = np.array([side * (0.34 + 0.16 * (1 - place)), -0.05 - 0.30 * place**2 + 0.16 * (1 - place)])
        paths.append(np.stack([at, at + lean * (0.7 + 0.5 * random.random())]))
        grey = f.age > 0.5 and random.random() < 0.3
        colours.append(np.asarray(f.brow, float) * (0.7 + 0.5 * random.random()) + (50 if grey else 0))
    canvas.strands(paths, colours, 0.03, 0.75)


def _paint_lips(canvas: Canvas, points: Vectors, f: Features) -> None:
    outer_top, outer_low = points[list(mesh.LIPS_OUTER_UPPER), :2], points[list(mesh.LIPS_OUTER_LOWER), :2]
    inner = points[list(mesh.LIPS_INNER_UPPER), :2]
    colour = np.asarray(f.lips, float)
    canvas.glow(points[17, :2] + by(0, 0.48), (1.5, 0.30), (-0.19, -0.17, -0.12))  # shadow under the lower lip
    whole = np.concatenate([open_curve(outer_top, 60), open_curve(outer_low, 60)[::-1]])
    canvas.shape(whole, colour * 0.97, 0.07, 0.92, lambda x, y: 1.04 - 0.035 * x + 0 * y)
    canvas.shape(np.concatenate([open_curve(outer_top), inner[::-1]]), colour * [0.82, 0.80, 0.87], 0.09, 0.75)
    canvas.shape(np.concatenate([inner, open_curve(outer_low)[::-1]]), colour * 1.06, 0.12, 0.55)
    mid = (points[14, :2] + points[17, :2]) / 2
    canvas.lighten(mid + by(-0.25, 0.02), (0.75, 0.15), (24, 24, 26))
    canvas.lighten(points[0, :2] + by(-0.35, -0.12), (0.5, 0.09), (10, 11, 12))
    canvas.line(inner, [0.0, 0.035, 0.055, 0.06, 0.055, 0.035, 0.0], colour * [0.36, 0.33, 0.44], 0.03, 0.85)
    for corner, side in ((inner[0], -1), (inner[-1], 1)):
        canvas.glow(corner + by(0.10 * side, 0.02), (0.22, 0.16), (-0.20, -0.19, -0.13))


def _paint_age(canvas: Canvas, points: Vectors, f: Features) -> None:
    fold = 0.06 + 0.24 * f.age
    for side in (-1, 1):
        wing = points[129 if side < 0 else 358, :2]
        corner = points[61 if side < 0 else 291, :2]
        path = np.stack(
            [wing + by(0.25 * side, 0.3), (wing + corner) / 2 + by(0.75 * side, 0), corner + by(0.7 * side, -0.3)]
        )
        canvas.line(path, [0.10, 0.22, 0.05], np.asarray(f.skin, float) * [0.50, 0.50, 0.60], 0.16, fold)
        if f.age > 0.3:
            eye = points[33 if side < 0 else 263, :2]
            for tilt in (-0.28, 0.02, 0.30):
                wrinkle = [
                    eye + by(0.45 * side, tilt * 0.6),
                    eye + by(0.85 * side, tilt),
                    eye + by(1.15 * side, tilt * 1.5),
                ]
                canvas.line(wrinkle, [0.03, 0.05, 0.02], np.asarray(f.skin, float) * 0.55, 0.04, 0.35 * f.age)
    if f.age > 0.3:
        for y, reach in ((-6.0, 2.6), (-6.9, 2.2)):
            furrow = [(-reach, y + 0.12), (-reach / 2, y), (0, y + 0.08), (reach / 2, y), (reach, y + 0.12)]
            canvas.line(furrow, [0.02, 0.09, 0.02], np.asarray(f.skin, float) * 0.58, 0.07, 0.30 * f.age)
