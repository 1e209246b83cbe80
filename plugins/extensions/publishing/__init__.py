"""What a publisher hands over: the manifest, the bundle, and the release that a bundle becomes."""
