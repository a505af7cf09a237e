"""Which image is trained on, which chooses the model, which is only ever tested."""
