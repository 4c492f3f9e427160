"""What copy may not say unproven: the rules (`claims.toml`) and each locale's words for them."""
