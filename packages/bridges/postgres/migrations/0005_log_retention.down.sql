DROP FUNCTION runlight_drop_log_partition(date);
DROP TABLE log_days;
