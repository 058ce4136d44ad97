"""`seifas check`: holes in an installation, found before somebody else finds them. docs/running/check.md lists them.

One file a family of findings: it says which there are (`KINDS`) and looks for them (`look`), reading only.
"""
