"""Notices to the patients of a breach (GDPR 34): their words by language, letters, short messages, packets."""
