"""What the server answers besides Streamlit."""
