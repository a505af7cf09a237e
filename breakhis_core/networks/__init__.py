"""MobileNetV3-Large with a head, and the graph that it is exported as."""
