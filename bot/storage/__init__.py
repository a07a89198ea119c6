"""The store: one implementation on SQLite and PostgreSQL."""
