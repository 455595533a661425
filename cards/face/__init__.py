"""The printable face of a card: CR80, in SVG, PNG and PDF (card-token.md 4.2; guide.md 2.5)."""
