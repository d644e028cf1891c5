-- Lines of components that were stored after a position: what the API reads while somebody follows them. Only system
-- entries are in it, so it costs the lines of runs nothing.
CREATE INDEX logs_component_position ON logs (kafka_partition, kafka_offset) WHERE component IS NOT NULL;
