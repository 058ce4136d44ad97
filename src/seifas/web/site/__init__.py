"""The clinic's public site: Markdown from the clinic's folder to finished bytes. Pure but for reading that folder."""
