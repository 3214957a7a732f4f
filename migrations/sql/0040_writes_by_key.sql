-- The planner takes every list in a decision for a hundred rows and so reads tables of some ten thousand from end to
-- end to find one or two. A decision changes a handful of rows that it names by key, so an index is always better.
ALTER FUNCTION apply_decision(jsonb) SET enable_seqscan TO off;
