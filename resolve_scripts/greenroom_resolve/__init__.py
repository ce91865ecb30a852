# SPDX-License-Identifier: Apache-2.0
"""Greenroom inside DaVinci Resolve: reads the open timeline, asks `greenroom host`, applies the edits, reads them back.

Standard library only, Python 3.6 to 3.14: Resolve takes whatever Python it finds. All thinking is in the core; nothing
of it is imported here, and nothing here decides what a cue means. Calls go through `calling`, by position, and every
answer is checked; frames are converted in `frames` and nowhere else.
"""

__all__ = ["__version__"]

__version__ = "1"
