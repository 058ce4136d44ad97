"""Names of people as texts: folding, forms, contacts. Pure; shared by keeper, tables and leaks."""
