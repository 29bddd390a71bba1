"""smsswitch: the centre's library. It imports no Airflow; DAGs and the command line call it."""
