# SPDX-License-Identifier: Apache-2.0
"""A stand-in's face replaced: the actor's face made ready, shaped, masked and lit by the plate.

Never in here: hair, or anything outside of the face.
"""
