DROP INDEX logs_component_position;
