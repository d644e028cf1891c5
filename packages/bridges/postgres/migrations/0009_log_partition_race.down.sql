-- As 0001 made it.
CREATE OR REPLACE FUNCTION runlight_ensure_log_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text := 'logs_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('runlight_ensure_log_partition'));
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format(
    'ALTER TABLE public.logs ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    name,
    (day::timestamp AT TIME ZONE 'UTC')::text,
    ((day + 1)::timestamp AT TIME ZONE 'UTC')::text
  );
END
$$;
