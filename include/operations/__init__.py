"""What administrators and operators do besides sending: settings, clients, alerts, retention."""
