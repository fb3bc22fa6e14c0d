-- What kept a run, or a member of it, from its end: of a run its kind and the sentence, as JSON; of a member its kind.
-- An older version never reads or writes them.

ALTER TABLE run ADD COLUMN trouble text;
ALTER TABLE run_member ADD COLUMN trouble text;
