"""A release made trustworthy before anybody can download it."""
