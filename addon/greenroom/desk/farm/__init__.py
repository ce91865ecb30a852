# SPDX-License-Identifier: Apache-2.0
"""The farm: heavy work of a run goes to other machines, over TLS, and comes back by content.

The desk stays what it is: one process owns the ledger, sends what is paid for, and publishes takes. What travels is a
call of one of our own functions with its values and files (a parcel), and it may be lost and repeated without harm:
nothing on a farm's machine spends money, opens a ledger or writes into a project. Nothing here is a queue; Dask is.

Beside it, with the same certificates: one process owns a project's ledger and serves it to the desks of other machines
(`ledger_owner`, `served_ledger`, and `opening`, through which every desk goes).
"""
