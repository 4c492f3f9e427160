"""The clip place by place: local maps, what flow can't fetch, patches followed in time."""
