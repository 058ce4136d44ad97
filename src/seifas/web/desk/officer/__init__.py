"""The officer's and the auditor's desk."""
