DROP TABLE reconciliation_breaks;
DROP TABLE reconciliation_matches;
DROP TABLE reconciliation_runs;
DROP TABLE reconciliation_lines;
DROP TABLE reconciliation_imports;
