# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.perception import mesh
from greenroom.perception.mesh import canonical
from greenroom.perception.pose import fit_pose, fit_similarity, rotation_from_angles

angles = st.floats(-80, 80)


def test_the_canonical_face_has_the_stated_shapes_and_axes() -> None:
    face = canonical()
    assert face.vertices.shape == (468, 3)
    assert face.uv.shape == (468, 2)
    assert face.triangles.shape == (898, 3)
    assert face.procrustes_weights.shape == (468,)
    forehead, chin, nose = face.vertices[10], face.vertices[152], face.vertices[4]
    assert forehead[1] < nose[1] < chin[1], "y runs down"
    assert nose[2] < forehead[2], "z runs away from the camera"
    assert 10 < np.ptp(face.vertices[:, 0]) < 20, "centimetres"


def test_the_canonical_face_can_not_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        canonical().vertices[0, 0] = 1.0


@pytest.mark.parametrize("line", ["LIPS_INNER", "LIPS_OUTER", "RIGHT_EYE", "LEFT_EYE"])
def test_upper_and_lower_lines_run_alike_and_meet(line: str) -> None:
    upper, lower = getattr(mesh, f"{line}_UPPER"), getattr(mesh, f"{line}_LOWER")
    assert len(upper) == len(lower)
    assert (upper[0], upper[-1]) == (lower[0], lower[-1])
    across = canonical().vertices[:, 0]
    for indices in (upper, lower):
        assert (np.diff(across[list(indices)]) > 0).all(), "from the picture's left to its right"
    down = canonical().vertices[:, 1]
    assert (down[list(lower)] - down[list(upper)] > -0.05).all()
    outline = getattr(mesh, f"{line}_OUTLINE")
    assert sorted(outline) == sorted({*upper, *lower})


def test_the_right_eye_is_the_actors_own() -> None:
    across = canonical().vertices[:, 0]
    assert across[list(mesh.RIGHT_EYE_UPPER)].max() < 0 < across[list(mesh.LEFT_EYE_UPPER)].min()


@given(yaw=angles, pitch=angles, roll=angles, scale=st.floats(2, 80), x=st.floats(-2000, 2000))
@settings(max_examples=60)
def test_a_posed_mesh_gives_its_pose_back(yaw: float, pitch: float, roll: float, scale: float, x: float) -> None:
    points = scale * canonical().vertices @ rotation_from_angles(yaw, pitch, roll).T + (x, 300, 7)
    for rigid in (False, True):
        pose = fit_pose(points, rigid=rigid)
        assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=1e-3)
        assert pose.scale == pytest.approx(scale, rel=1e-5)
        assert pose.to_canonical(points) == pytest.approx(canonical().vertices, abs=1e-3)
        assert pose.to_picture(canonical().vertices) == pytest.approx(points, abs=1e-2)


def test_the_signs_of_angles_are_the_stated_ones() -> None:
    nose = np.array([0.0, 0.0, -10.0])
    assert (rotation_from_angles(30, 0, 0) @ nose)[0] < -1, "yaw > 0 turns the nose to the picture's left"
    assert (rotation_from_angles(0, 30, 0) @ nose)[1] > 1, "pitch > 0 looks down"
    assert (rotation_from_angles(0, 0, 30) @ np.array([0.0, -10.0, 0.0]))[0] > 1, "roll > 0 is clockwise"


def test_a_dropped_jaw_does_not_nod_a_rigid_pose() -> None:
    talking = canonical().vertices * 20.0
    talking[talking[:, 1] > 40] += (0, 40, 0)
    assert fit_pose(talking, rigid=True).pitch == pytest.approx(0, abs=1e-6)
    assert abs(fit_pose(talking).pitch) > 0.5


def test_a_similarity_never_mirrors() -> None:
    source = canonical().vertices
    pose = fit_similarity(source, source * (-1, 1, 1))
    assert np.linalg.det(pose.rotation) == pytest.approx(1)
