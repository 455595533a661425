"""人才贷、成果贷、专利贷 after the grant: caps over all banks, drawdowns, balances (guide.md 5)."""
