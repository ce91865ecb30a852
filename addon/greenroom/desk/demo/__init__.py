# SPDX-License-Identifier: Apache-2.0
"""The demo: a scene with its media, made and performed by the same road as an editor's own cut."""
