"""The monitoring page: a FastAPI application that knows nothing of who logs people in.

``create_app`` is given that as a dependency; the plugin brings Airflow's.
"""
