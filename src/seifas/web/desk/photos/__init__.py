"""Photos: receiving, taking, showing, comparing."""
