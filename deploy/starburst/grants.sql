-- Built-in access control of Starburst Enterprise: what the worker's user may do.
-- Run as sysadmin. Replace lake.graph by the schemas that the SELECTs of export jobs read.
CREATE ROLE graph_export;
GRANT SELECT ON SCHEMA lake.graph TO ROLE graph_export;
GRANT graph_export TO USER "graph-export";
