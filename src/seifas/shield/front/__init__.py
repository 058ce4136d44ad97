"""The front: HAProxy's configuration made from a description, its pages, its keys, and the way to speak to it."""
