# SPDX-License-Identifier: Apache-2.0
"""From cues to a plan: the survey does all the reading, the plan is pure. Nothing is made or sent here."""
