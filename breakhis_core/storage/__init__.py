"""What lies on disk and in the database: tables and their history, files written whole."""
