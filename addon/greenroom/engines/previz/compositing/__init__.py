# SPDX-License-Identifier: Apache-2.0
"""An actor laid over something: cut out, seated, lit and grained like the plate, or before a simple set.

Never in here: how the actor moves.
"""
