# SPDX-License-Identifier: Apache-2.0
"""The actor as a puppet: the portrait's mesh, its mouth and eyes, and the one renderer that moves pixels by triangles.

Never in here: what a performance is, or any footage. Every mode draws with this room.
"""
