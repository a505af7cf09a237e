"""What leaving out flagged images, or correcting them, is worth: against as many others drawn at random."""
