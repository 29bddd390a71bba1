"""The whole centre on one machine: an embedded PostgreSQL and the four Airflow processes."""
