"""事项的新版本: drafted by one official, tried, published by another (api.md 4.2)."""
