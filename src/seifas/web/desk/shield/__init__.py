"""The shield at the desk: what holds a flood back, who gets in, what is to be done, and the evidence of it."""
