"""Carries a vault over: databases between files and PostgreSQL, objects between files and S3, and back again.

    planning      what lies where, what moves, and how far a move has come (DATA/moving)
    copying       state, rows and keys, each read back and compared
    carrying      objects, one by one, each read back and compared
    alone         under the lease of the old place, so that no other node serves it meanwhile
    clearing      whether a place is free, and taking away what lies in one
    going_over    the whole of it: nothing counts in the new place until the settings name it
"""
