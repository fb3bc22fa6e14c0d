-- What a quiet round asks, and what every job of a member asks of its run, is answered by indexes that hold nobody
-- but those concerned. An older version finds its answers through them too.

DROP INDEX member_behind;
CREATE INDEX member_behind ON member (catalog, view, through) WHERE state <> 'left';
DROP INDEX member_by_look;
CREATE INDEX member_by_look ON member (catalog, looked_full_at) WHERE state <> 'left';
CREATE INDEX member_leaving ON member (catalog) WHERE state <> 'active' AND state <> 'left';
CREATE INDEX run_open_by_book ON run (tenant, book, id) WHERE ended_at IS NULL;
CREATE INDEX run_member_by_state ON run_member (run, state);
