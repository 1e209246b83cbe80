"""Extensions: code of strangers that runs for a tenant, with the capabilities that an administrator granted."""
