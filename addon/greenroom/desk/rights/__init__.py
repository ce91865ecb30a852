# SPDX-License-Identifier: Apache-2.0
"""The desk's side of rights: what a job shows of whom, credentials of new takes, disclosure and withdrawal of a cut."""
