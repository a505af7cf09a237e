"""What models that never saw an image say of it: suspects, what each is worth to others, where it lies."""
