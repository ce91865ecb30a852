# SPDX-License-Identifier: Apache-2.0
"""A project: greenroom.toml, the folders beside it, and whether this machine can work on it. Knows no cut."""
