"""The service on a modem host: claims batches, drives GSM modems, journals every step, reports."""
