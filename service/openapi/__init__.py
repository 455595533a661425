"""The published documents: OpenAPI 3.1 and AsyncAPI 3.0 (api.md 1.2)."""
