"""Filings: the facts of a case, entered once, as each authority wants to read them."""
