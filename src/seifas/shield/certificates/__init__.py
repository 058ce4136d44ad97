"""Where the front's certificate comes from: an authority that speaks ACME, own files, or an authority of the clinic's
own; docs/running/certificates.md."""
