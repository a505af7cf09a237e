"""The library as people call it from Python: frames and arrays of what the screens and commands know."""
