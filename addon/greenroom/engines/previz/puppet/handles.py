# SPDX-License-Identifier: Apache-2.0
"""The points of the mesh that are moved by hand, and how their movement spreads over the rest of the face.

The spread is biharmonic: the smoothest field that passes through every handle, solved once for the canonical mesh
(facts, section 5.3), so that a frame costs one small matrix product.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as linear
from numpy.typing import NDArray

from greenroom.perception import mesh

__all__ = ["BROWS", "CHIN", "HANDLES", "JAWLINE", "LEFT_LID", "RIGHT_LID", "position_of", "spread"]

Vectors = NDArray[np.float64]

BROWS = (*mesh.RIGHT_BROW, *mesh.LEFT_BROW)
CHIN = (152, 148, 377, 176, 400, 175, 199, 200, 171, 396, 149, 378)
JAWLINE = (150, 136, 172, 58, 379, 365, 397, 288)
RIGHT_LID = (247, 30, 29, 27, 28, 56, 190)
LEFT_LID = (467, 260, 259, 257, 258, 286, 414)
_NOSE = (168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327, 97, 326, 48, 278, 64, 294, 49, 279, 129, 358)
_SIDES = (132, 93, 234, 127, 361, 323, 454, 356)
_FOREHEAD = (10, 338, 297, 332, 284, 251, 389, 162, 21, 54, 103, 67, 109, 151, 9, 8)
_UNDER_EYES = (25, 110, 24, 23, 22, 26, 112, 243, 255, 339, 254, 253, 252, 256, 341, 463)

HANDLES = tuple(
    sorted(
        {
            *mesh.LIPS_INNER_UPPER,
            *mesh.LIPS_INNER_LOWER,
            *mesh.LIPS_OUTER_UPPER,
            *mesh.LIPS_OUTER_LOWER,
            *mesh.RIGHT_EYE_UPPER,
            *mesh.RIGHT_EYE_LOWER,
            *mesh.LEFT_EYE_UPPER,
            *mesh.LEFT_EYE_LOWER,
            *BROWS,
            *CHIN,
            *JAWLINE,
            *RIGHT_LID,
            *LEFT_LID,
            *_NOSE,
            *_SIDES,
            *_FOREHEAD,
            *_UNDER_EYES,
        }
    )
)
_POSITION = {vertex: place for place, vertex in enumerate(HANDLES)}


def position_of(vertices: tuple[int, ...]) -> NDArray[np.intp]:
    """Where `vertices` stand among the handles."""
    return np.array([_POSITION[vertex] for vertex in vertices])


def spread(moved: Vectors) -> Vectors:
    """The displacement (468, 3) of the whole mesh that follows the handles' (len(HANDLES), 3)."""
    rest, weights = _solution()
    whole = np.zeros((len(mesh.canonical().vertices), 3))
    whole[list(HANDLES)] = moved
    whole[rest] = weights @ moved
    return whole


@lru_cache(maxsize=1)
def _solution() -> tuple[NDArray[np.intp], Vectors]:
    vertices = mesh.canonical().vertices
    count = len(vertices)
    edges = _edges()
    # 0.1 cm keeps the tightly packed lip vertices from outweighing everything else
    weight = 1 / np.maximum(np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1), 0.1)
    adjacency = sparse.coo_matrix((weight, (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()
    laplacian = sparse.diags(np.asarray(adjacency.sum(1)).ravel()) - adjacency
    bilaplacian = (laplacian @ laplacian).tocsc() + 1e-9 * sparse.eye(count)
    rest = np.setdiff1d(np.arange(count), HANDLES)
    inner, outer = bilaplacian[rest][:, rest], bilaplacian[rest][:, list(HANDLES)]
    return rest, -np.asarray(linear.spsolve(inner.tocsc(), outer.toarray()))


def _edges() -> NDArray[np.intp]:
    """Every edge of the skin in both directions. Mouth and eye openings are no skin: lips don't pull each other."""
    openings = (
        {*mesh.LIPS_INNER_UPPER, *mesh.LIPS_INNER_LOWER},
        {*mesh.RIGHT_EYE_UPPER, *mesh.RIGHT_EYE_LOWER},
        {*mesh.LEFT_EYE_UPPER, *mesh.LEFT_EYE_LOWER},
    )
    skin = np.array([t for t in mesh.canonical().triangles if not any(set(t.tolist()) <= o for o in openings)])
    pairs = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    return np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
