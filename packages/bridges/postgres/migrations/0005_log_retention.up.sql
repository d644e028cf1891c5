-- What is known of the days of `logs`: a day is dropped only once Loki's group has passed it.
CREATE TABLE log_days (
  day date PRIMARY KEY,
  loki_passed_at timestamptz,
  older_life boolean NOT NULL DEFAULT false,
  dropped_at timestamptz
);

-- Drops the partition of a UTC day that is over; false where there is none. It waits for its locks no longer than the
-- caller's lock_timeout: while it waits, readers wait behind it.
CREATE FUNCTION runlight_drop_log_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text := 'logs_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF day >= (now() AT TIME ZONE 'UTC')::date THEN
    RAISE EXCEPTION 'The day % is not over.', day USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF to_regclass('public.' || name) IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('ALTER TABLE public.logs DETACH PARTITION public.%I', name);
  EXECUTE format('DROP TABLE public.%I', name);
  INSERT INTO public.log_days (day, dropped_at) VALUES (runlight_drop_log_partition.day, now())
  ON CONFLICT ON CONSTRAINT log_days_pkey DO UPDATE SET dropped_at = excluded.dropped_at;
  RETURN true;
END
$$;

REVOKE ALL ON FUNCTION runlight_drop_log_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runlight_drop_log_partition(date) TO runlight_writer;

GRANT SELECT, INSERT, UPDATE ON log_days TO runlight_writer;
GRANT SELECT ON log_days TO runlight_reader, runlight_grafana;
