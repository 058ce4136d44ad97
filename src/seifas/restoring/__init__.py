"""Brings a vault back onto a bare machine, from a backup or a replica. Offline: no server, no keeper.

    bringing_back.restore(order) is what `seifas restore` does

Everything is checked before anything is written: files against the manifest, the key store's generation, signatures,
the tombstone list, the witness, every patient's keys, the two people. Then the vault is built new in an empty
directory, without those who were erased, with a new epoch and a new audit log whose first line names the old one.
"""
