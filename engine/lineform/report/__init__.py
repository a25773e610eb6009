"""Plans, problems and results as text, Markdown, JSON, annotations, SARIF and HTML."""
