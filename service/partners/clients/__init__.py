"""A partner's machines: their secrets and keys, changed by the partner itself."""
