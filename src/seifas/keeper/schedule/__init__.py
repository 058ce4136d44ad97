"""The schedule: pure day pages (one a doctor and day, sealed by the keeper) and the care links they make."""
