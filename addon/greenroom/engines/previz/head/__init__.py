# SPDX-License-Identifier: Apache-2.0
"""A stand-in's whole head replaced: cut out, shaped, toned, and the background that it uncovers.

Never in here: the face alone; that is `face`.
"""
