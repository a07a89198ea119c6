"""Afterword."""
