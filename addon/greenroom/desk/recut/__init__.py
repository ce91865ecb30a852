# SPDX-License-Identifier: Apache-2.0
"""After a recut: which cue of the project is which clip of the new cut, what changed about it, and what that costs.

`matching` and `changes` are pure. What must never enter here: an engine's performance (a recut makes nothing), another
way of writing takes into a cut than `desk.writing_back`, and a guess that isn't told as one.
"""
