"""The patients' pages: a process and a user of their own, reached through the public listener."""
