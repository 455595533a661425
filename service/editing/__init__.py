"""事项的新版本与派单规则: drafted by one official, tried, published by another (api.md 4.2)."""
