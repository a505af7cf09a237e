"""About how long a training takes, from the trainings that were measured before."""
