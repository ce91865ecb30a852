# SPDX-License-Identifier: Apache-2.0
"""Pictures to look at: the contact sheet and the preview of the finished cut. Changes nothing."""
