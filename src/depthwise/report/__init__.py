"""Terminal tables, JSON and self-contained HTML pages."""
