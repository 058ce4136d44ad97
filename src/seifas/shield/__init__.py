"""The shield: HAProxy before everything, and what decides beside it how strict it is. No code of ours lies on the path
of a request; docs/running/flood.md."""
