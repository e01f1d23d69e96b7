"""Bytes in, bytes out: the only importer of nacl, vodozemac and HPKE."""
