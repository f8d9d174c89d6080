"""What is inside an artifact, as an Inventory, and the documents that say so: catalogers measure, formats write and read."""
