"""A plain record system, so that each figure of the drill has another one beside it.

It is built as record systems commonly are: charts as text in a database, pictures as files beside it, passwords hashed,
sessions in a table, roles checked, changes logged and reads not, all that the database holds served to whoever has
signed in. It has no budget, no keys, no marks and no alarm. It stands for no product; what was seen of real ones is in
docs/drill.md.
"""
