"""The workflow of a release: run, prepare, gate and publish. Here rooms meet; each step is one function."""
