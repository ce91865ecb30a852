# SPDX-License-Identifier: Apache-2.0
"""The demo's actors, drawn by us: nobody's likeness and nobody's licence.

Never in here: anything that a mode needs.
"""
