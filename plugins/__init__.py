"""First-party plugins. Each folder is one room; rooms meet only in the kernel's hooks and events."""
