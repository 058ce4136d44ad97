"""What a flood leaves behind for those who have to act on it: minutes in a chain, a book of addresses, lists, papers.

An address is personal data and proves no deed: everything here says "address that sent".
"""
