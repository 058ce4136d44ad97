"""The telephone's page: takes photos of one patient for ten minutes, and sees no name and no chart."""
