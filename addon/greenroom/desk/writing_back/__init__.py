# SPDX-License-Identifier: Apache-2.0
"""From takes to the new cut: an edit plan (pure), applying it, and taking it out again."""
