"""Customers checked by hand."""
