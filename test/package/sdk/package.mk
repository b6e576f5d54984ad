# Everything is in rules.mk.
