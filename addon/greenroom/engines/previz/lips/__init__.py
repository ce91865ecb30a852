# SPDX-License-Identifier: Apache-2.0
"""New lips in a plate's own frames: the lower face moved, the mouth painted, and when neither happens.

Never in here: phones and visemes; those are `acting`.
"""
