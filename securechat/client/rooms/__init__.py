"""What users do with rooms, and see of them."""
