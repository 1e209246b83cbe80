"""The pages of extensions inside the web app."""
