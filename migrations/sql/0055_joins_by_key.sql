-- As the lists of a decision are taken for a hundred rows, a join with one was planned as a pass over every account or
-- timer, in the order of an index. A row for each item, by its key, is always less.
ALTER FUNCTION apply_decision(jsonb) SET enable_hashjoin TO off;
ALTER FUNCTION apply_decision(jsonb) SET enable_mergejoin TO off;
