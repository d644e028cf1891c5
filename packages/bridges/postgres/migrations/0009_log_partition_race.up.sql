-- Whoever waits for another to make the partition finds it afterwards. The name is looked up in the table of all relations:
-- `to_regclass` remembers its first answer, that there is none, until this session is told of changes, and taking an
-- advisory lock doesn't tell it.
CREATE OR REPLACE FUNCTION runlight_ensure_log_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text := 'logs_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('runlight_ensure_log_partition'));
  IF EXISTS (
    SELECT FROM pg_catalog.pg_class WHERE relname = name AND relnamespace = 'public'::regnamespace
  ) THEN
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
