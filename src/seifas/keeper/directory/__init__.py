"""The patient name directory: searchable in the keeper's memory only, built at unlock, gone at lock.

Nothing here writes to a disk, logs a query, or puts a name into an error.
"""
