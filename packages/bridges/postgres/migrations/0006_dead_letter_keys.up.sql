-- The letters of a run, by its key: whoever asks how complete a run is in Loki. A hash: keys may be large.
CREATE INDEX dead_letters_key ON dead_letters USING hash (key);
