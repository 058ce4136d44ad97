"""Reads leaked files in workers that have nothing: bytes in, rows, text and pixels out."""
