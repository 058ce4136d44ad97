"""The theft budget: how many patients an account, a session, a program and the whole clinic may open, and how fast.

Pure: no I/O, no clock read inside, no cryptography. State is the sum of the `Charge`s applied, so that replaying the
audit log gives back exactly the ledger that was lost. docs/budgets.md is the page for people.
"""
