"""The desk's side of the patients' portal: invitations, requests that came in, messages."""
