"""What a user would write instead, each as its own documentation says."""
