# SPDX-License-Identifier: Apache-2.0
"""What moves the puppet, as curves and displacements: phones, a seeded life, moods, notes, a driving performance.

Never in here: pixels of a take.
"""
