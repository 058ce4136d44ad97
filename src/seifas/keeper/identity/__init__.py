"""Who is asking: accounts, hats, passkeys, passwords, sessions, links, machine clients, two-person approvals.

No sockets, no disk, no clock: time comes in as wall milliseconds (the keeper passes its guarded clock, which never runs
faster than the boot clock), randomness from the operating system. State is frozen Structs in tables in memory.

One rule for every function that is given a table: when it returns, memory is already changed, and the Structs it
returned (or that it says to delete) must be durable before anybody is answered. Spending in memory first is what makes
a code, a link, a challenge or a gesture good for one of two requests that arrive together. If the commit fails, the
caller puts the Struct it had before back with `put` (or `remove`s a new one), except for things spent: those stay so.
"""
