# SPDX-License-Identifier: Apache-2.0
"""From a plan to takes: jobs in the ledger, engines, conform, the store. Survives any one job, and being killed."""
