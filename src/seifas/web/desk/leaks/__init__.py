"""The officer's leak cases: what has turned up, whose it is, which way it went out."""
