"""The widgets of Textual: they hand keys to the brain and draw its lines."""
