"""好差评, its figures, 专家中心."""
