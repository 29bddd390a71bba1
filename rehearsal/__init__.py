"""The production file, docker-compose.yaml, brought up for real on this machine: `make compose-run`."""
