"""What is measured, one subcommand per figure: ``python -m benchmarks p9``. Raw figures go to var/bench/."""
