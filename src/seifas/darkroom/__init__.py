"""The darkroom: opens hostile pictures in workers without keys, marks and encodes every picture that leaves."""
