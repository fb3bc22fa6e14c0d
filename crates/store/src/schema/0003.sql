-- Whether cards that are not copies of ours were in a member's folder when it was last looked at in full, or were seen
-- since. Where nobody has looked since, there may be some. An older version never reads or writes it.

ALTER TABLE member ADD COLUMN strangers integer NOT NULL DEFAULT 1;
