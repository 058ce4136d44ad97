"""The public voice: statements and press kits as files that any host can serve, without scripts."""
