"""Photos beside their bytes: what a file name tells, how a series is ordered. Pure functions."""
