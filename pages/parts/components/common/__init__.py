"""What our components share: how they are declared, styled, heard and steered by keys."""
