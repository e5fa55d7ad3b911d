"""Who answers a request: the routing rule (README.md), its loader, and the words that explain a decision."""
