"""Who is who: the signed objects, their notation and their verification."""
